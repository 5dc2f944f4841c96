"""`python -m proctor`: the command line, where the script `proctor` is not on the path."""

import sys

from .harness.cli import main

sys.exit(main())
