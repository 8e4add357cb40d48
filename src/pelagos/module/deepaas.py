"""The adapter of DEEPaaS modules (entry point group `deepaas.v2.model`): their functions behind our interface.

Predict arguments are parsed here, in the module's own environment, with the module's own webargs and marshmallow.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Union

from pelagos.module.adapter import Answer, Request
from pelagos.module.training import Training


class DeepaasAdapter:
    """Serves the functions of one DEEPaaS module."""

    def __init__(self, module: Any, *, name: str, metadata: Optional[Callable[[], Dict[str, Any]]] = None) -> None:
        self._module = module
        self._name = name
        self._metadata = metadata or dict
        raise NotImplementedError("DEEPaaS modules are not served yet")

    def description(self) -> Dict[str, Any]:
        """Describe the module's fields."""
        raise NotImplementedError

    def warm(self) -> None:
        """Call the module's `warm`."""
        raise NotImplementedError

    def predict(self, request: Request) -> Answer:
        """Parse and call the module's `predict`."""
        raise NotImplementedError

    def predict_batch(self, requests: Sequence[Request]) -> List[Union[Answer, Exception]]:
        """Answer one after the other."""
        raise NotImplementedError

    def train(self, run: Training, arguments: Mapping[str, Any]) -> Any:
        """Warm and call the module's `train`."""
        raise NotImplementedError
