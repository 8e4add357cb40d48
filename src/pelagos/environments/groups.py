"""The entry point groups by which a distribution names its modules.

Written here again, and held equal to those of `pelagos.module.loading` by a test, because importing that room would
bring all that a worker needs into every command.
"""

from __future__ import annotations

from collections.abc import Mapping

KINDS: Mapping[str, str] = {"pelagos.modules": "native", "deepaas.v2.model": "deepaas"}
"""From the group to the kind of module; native ones come first."""
NATIVE = "pelagos.modules"
