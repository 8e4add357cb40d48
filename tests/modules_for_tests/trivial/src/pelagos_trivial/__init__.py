"""The smallest module there can be: what it is asked is what it answers."""

from __future__ import annotations

from typing import Annotated, Any

from pelagos.module import Arg, Module


class Trivial(Module):
    """Gives back what it was given."""

    def predict(
        self,
        text: Annotated[str, Arg("what to give back", max_length=1000)] = "",
        number: Annotated[int, Arg("how often it was meant", ge=1, le=50, unit="times")] = 1,
    ) -> dict[str, Any]:
        """Answer with the arguments."""
        return {"text": text, "number": number}
