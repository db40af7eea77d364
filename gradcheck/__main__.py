"""`python -m gradcheck`, the same as the command `gradcheck`."""

import os
import sys

if __name__ == "__main__":
    # Python puts the current folder first: a `random.py` of the user's there must not stand in for Python's own.
    if sys.path[0] in ("", os.getcwd()):  # noqa: PTH109 -- pathlib is one of the modules that may be shadowed
        sys.path.append(sys.path.pop(0))

    from gradcheck.cli import main

    sys.exit(main())
