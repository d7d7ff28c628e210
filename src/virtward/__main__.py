"""`python -m virtward`."""

import sys

from .main import run

if __name__ == "__main__":
    sys.exit(run())
