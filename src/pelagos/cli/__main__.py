"""`python -m pelagos.cli` is `pelagos`."""

import sys

from pelagos import cli

sys.exit(cli.main())
