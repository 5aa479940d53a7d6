"""``python -m ccplant_runner --spec PATH``."""

import sys

from ccplant_runner.main import main

sys.exit(main())
