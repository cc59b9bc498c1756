"""`python -m minidl` does what the command `minidl` does."""

import sys

from .cli import main

sys.exit(main())
