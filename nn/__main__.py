"""`python -m nn`: the command `handgrad`."""

import sys

from nn.command import main

if __name__ == "__main__":
    sys.exit(main())
