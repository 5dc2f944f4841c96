"""`python -m proctor.harness.cli` is `proctor`."""

import sys

from . import main

sys.exit(main())
