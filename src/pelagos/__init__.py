"""Pelagos: share, train, serve and run machine-learning modules.

Kept empty on purpose: this file travels with `pelagos.module` into every module's environment, Python 3.8 included.
"""

__version__ = "0.1.0"
