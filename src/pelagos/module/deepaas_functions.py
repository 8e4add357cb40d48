"""The functions of a DEEPaaS module, whatever its entry point names: a Python module, an instance or a class."""

from __future__ import annotations

import inspect
import pathlib
import sys
import traceback
from typing import Any, Callable, Dict, Mapping, Optional

METHODS = ("predict", "train")


class Functions:
    """One module's functions; those it lacks are answered for, as DEEPaaS does."""

    def __init__(self, target: Any, name: str) -> None:
        self._target = target() if inspect.isclass(target) else target
        self._name = name

    def metadata(self) -> Dict[str, Any]:
        """Give the module's own metadata, or what can be said without it."""
        found = self._ask("get_metadata")
        return found if isinstance(found, dict) else self._unknown()

    def fields(self, method: str) -> Dict[str, Any]:
        """Give the fields of `predict` or `train` by name; none when the module does not say."""
        found = self._ask(f"get_{method}_args")
        if found is None:
            return {}
        schema: Any = found() if inspect.isclass(found) else found
        return dict(schema if isinstance(schema, Mapping) else schema.fields)

    def function(self, name: str) -> Optional[Callable[..., Any]]:
        """Give a function of the module, None when it has none of that name."""
        found: Optional[Callable[..., Any]] = getattr(self._target, name, None)
        return found

    @property
    def schema(self) -> Any:
        """What the module says its answers look like: fields by name, a schema's class, or None."""
        return getattr(self._target, "schema", None)

    @property
    def home(self) -> pathlib.Path:
        """The folder of the module's repository, as far as can be told: that which holds its package."""
        name = self._target.__name__ if inspect.ismodule(self._target) else type(self._target).__module__
        top = sys.modules.get(name.partition(".")[0])
        place = pathlib.Path(getattr(top, "__file__", None) or ".").resolve().parent
        folder = place.parent if hasattr(top, "__path__") else place
        return folder.parent if folder.name == "src" else folder

    def warm(self) -> None:
        """Call the module's `warm`; a module without one is ready as it is."""
        warm = self.function("warm")
        if warm is None:
            return
        try:
            warm()
        except NotImplementedError:
            return

    def _ask(self, name: str) -> Any:
        function = self.function(name)
        if function is None:
            return None
        try:
            return function()
        except NotImplementedError:
            return None
        except AttributeError:
            # DEEPaaS takes this for a function that is not there, and modules live with it; the author should see why.
            traceback.print_exc(file=sys.stderr)
            return None

    def _unknown(self) -> Dict[str, Any]:
        description = f"Could not load description from underlying model (loaded '{self._name}')"
        return {"id": "0", "name": self._name, "description": description}
