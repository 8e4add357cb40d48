"""What a module's author imports, and all that runs beside a module's code: standard library only, Python 3.8 syntax.

Here: the interface of a native module (`Module`, `Arg`, `File`, `Folder`, `Training`, `BadInput`), its description
(`describe`), the worker that answers predictions (`worker`) and the supervisor that runs one job (`job`).
"""

from pelagos.module.arguments import Arg, BadInput
from pelagos.module.files import File, Folder
from pelagos.module.interface import Module, cache, threads
from pelagos.module.training import Training

__all__ = ["Arg", "BadInput", "File", "Folder", "Module", "Training", "cache", "threads"]
