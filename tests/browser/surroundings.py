"""What these tests need of the machine: a Chromium, and the web UI as it is served. Where one is missing, the reason says
how to get it: a suite that skips without a word looks like one that passes.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from playwright.sync_api import Playwright

_ROOT = Path(__file__).parents[2]
_BUILT = _ROOT / "services" / "api" / "ccplant_api" / "web" / "dist"
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")

# a browser of a test speaks to the test alone
LAUNCH_ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--no-default-browser-check",
    "--no-first-run",
)


def built_ui() -> Path | None:
    """Return where the built web UI is; `CCPLANT_WEB_DIR` names another than the gateway's own."""
    folder = Path(os.environ.get("CCPLANT_WEB_DIR") or _BUILT)
    return folder if (folder / "index.html").is_file() else None


def chromium(playwright: Playwright) -> Path | None:
    """Return the machine's Chromium, else the one that playwright has installed."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    own = Path(playwright.chromium.executable_path)
    return Path(found) if found else own if own.is_file() else None


def launch_arguments() -> list[str]:
    """Return how the browser is started; as root it has no sandbox to be in."""
    return [*LAUNCH_ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
