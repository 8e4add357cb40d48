"""A module's own Python environment: build it, find it, describe the module in it, remove it.

Every module gets a virtual environment of its own, so its versions of everything stay there. The server never imports
what is in it: it reads records and descriptions.
"""

from pelagos.domain.steps import Progress, Step
from pelagos.environments.code import ModuleCode
from pelagos.environments.environments import Environments
from pelagos.environments.images import Containers
from pelagos.environments.records import Installed
from pelagos.environments.sources import Source, is_server, is_source

__all__ = [
    "Containers",
    "Environments",
    "Installed",
    "ModuleCode",
    "Progress",
    "Source",
    "Step",
    "is_server",
    "is_source",
]
