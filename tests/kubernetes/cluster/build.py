"""``python -m tests.kubernetes.cluster.build``: makes what the suites on a cluster need, where it is missing."""

from __future__ import annotations

import subprocess
import sys

from tests.kubernetes.cluster.binaries import build
from tests.support.programs import NotAvailableError


def main() -> int:
    """Build; return an exit code."""
    try:
        build(lambda text: print(f"==> {text}", flush=True))
    except NotAvailableError as reason:
        print(f"ccplant: {reason}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"ccplant: the build failed: {' '.join(error.cmd)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
