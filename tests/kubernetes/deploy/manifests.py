"""The manifests as somebody who installs them gets them: with secrets of their own, through kustomize."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.support.programs import NotAvailableError

ROOT = Path(__file__).resolve().parents[3]
CONTROL, SESSIONS = "ccplant", "ccplant-sessions"


def kubectl(*arguments: str, stdin: str | None = None) -> str:
    """Run kubectl.

    Raises:
        NotAvailableError: it is not installed here.
    """
    if shutil.which("kubectl") is None:
        raise NotAvailableError("kubectl is not installed here")
    done = subprocess.run(
        ["kubectl", *arguments], input=stdin, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, f"kubectl {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def rendered(folder: Path) -> str:
    """Return everything that `kubectl apply -k` would apply."""
    here = folder / "kubernetes"
    shutil.copytree(ROOT / "deploy" / "kubernetes", here, ignore=shutil.ignore_patterns("secrets"))
    subprocess.run(
        [
            sys.executable, str(ROOT / "deploy" / "docker" / "prepare.py"), "keys", "--directory", str(here / "secrets"),
            "--nats-store", "/data/jetstream", "--mongodb", "mongodb-0.mongodb.ccplant.svc:27017",
        ],
        check=True,
        timeout=60,
    )  # fmt: skip
    return kubectl("kustomize", str(here))


def objects(text: str) -> list[dict[str, Any]]:
    """Return its objects."""
    return [one for one in yaml.safe_load_all(text) if one]


def of_kind(found: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    """Return the objects of a kind by name."""
    return {str(one["metadata"]["name"]): one for one in found if one["kind"] == kind}


def template(workload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the Pod that a workload makes."""
    spec: dict[str, Any] = workload["spec"]["template"]["spec"]
    return spec
