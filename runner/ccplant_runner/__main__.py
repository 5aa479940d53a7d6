"""``python -m ccplant_runner --spec PATH``."""

import os
import sys

# searching the installation for plugins of pydantic costs a tenth of the whole start, and there are none
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from ccplant_runner.main import main  # noqa: E402 - the setting has to be there first

sys.exit(main())
