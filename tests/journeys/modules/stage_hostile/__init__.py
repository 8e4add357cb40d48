"""A module that tries to run scripts in the reader's browser, wherever its words are shown."""

from __future__ import annotations

from typing import Annotated, Any

from pelagos.module import Arg, File, Module, Training

SCRIPT = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>\"'><svg onload='window.hacked=1'>"


class Hostile(Module):
    """<script>window.hacked = 1</script>Summary."""

    def predict(
        self,
        text: Annotated[str, Arg(SCRIPT, label=SCRIPT)] = SCRIPT,
        file: Annotated[File | None, Arg(SCRIPT)] = None,
    ) -> dict[str, Any]:
        """Give everything back."""
        name = file.name if file is not None else ""
        links = {"javascript": ["javascript:window.hacked=1", "https://example.org/"]}
        return {"labels": [SCRIPT, name], "probabilities": [0.6, 0.4], "links": links, SCRIPT: {SCRIPT: [SCRIPT]}}

    def train(
        self, run: Training, text: Annotated[str, Arg(SCRIPT)] = SCRIPT, epochs: int = 2, fail: bool = False
    ) -> dict[str, Any]:
        """Write it everywhere."""
        print(SCRIPT, flush=True)
        for epoch in range(epochs):
            run.log(epoch, **{SCRIPT: epoch, "loss": 1.0})
        run.progress(0.5, SCRIPT)
        (run.outputs / "<img src=x onerror=alert(1)>.html").write_text(SCRIPT, encoding="utf-8")
        (run.model / "model.html").write_text(SCRIPT, encoding="utf-8")
        if fail:
            raise RuntimeError(SCRIPT)
        return {"classes": [SCRIPT, "b"], "confusion_matrix": [[1, 0], [0, 1]], SCRIPT: SCRIPT, "accuracy": 0.5}
