"""A class to derive a module from; every function is optional."""

from __future__ import annotations

from typing import Any, Dict


class BaseModel:
    """A DEEPaaS module as a class. What is not written answers with 501."""

    schema: Any = None

    def get_metadata(self) -> Dict[str, Any]:
        """Describe the module."""
        raise NotImplementedError

    def warm(self) -> None:
        """Get ready to predict."""
        raise NotImplementedError

    def get_predict_args(self) -> Dict[str, Any]:
        """Give the fields of `predict` by name."""
        raise NotImplementedError

    def predict(self, **kwargs: Any) -> Any:
        """Predict."""
        raise NotImplementedError

    def get_train_args(self) -> Dict[str, Any]:
        """Give the fields of `train` by name."""
        raise NotImplementedError

    def train(self, **kwargs: Any) -> Any:
        """Train."""
        raise NotImplementedError
