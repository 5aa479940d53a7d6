"""Entry of the supervisor, run as ``python -I -S supervise.py``: isolated, and without site for a fast start.

Our packages go last on the path, so that nothing in their folder can stand before the standard library.
"""

import os
import sys

if __name__ == "__main__":
    here = os.path.abspath(__file__)  # noqa: PTH100 (pathlib would double the time to start)
    sys.path.append(here.rsplit(os.sep, 4)[0])
    from ccplant_orchestrator.runtimes.local.supervisor import main

    raise SystemExit(main())
