"""What a real cluster said (see `tests/kubernetes/record_objects.py`), read back."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from ccplant_orchestrator.runtimes.kubernetes.diagnosis import diagnose_start, read_exit
from ccplant_orchestrator.runtimes.protocol import ExitRecord, StartProblem

Json = dict[str, Any]
FOLDER = Path(__file__).parent / "recorded"


def names(prefix: str = "") -> list[str]:
    return sorted(file.stem for file in FOLDER.glob(f"{prefix}*.json"))


def recorded(name: str) -> Json:
    read: Json = json.loads((FOLDER / f"{name}.json").read_text())
    return read


def start(scene: Json) -> StartProblem | None:
    """Judge a start as it was recorded."""
    return diagnose_start(
        scene["pod"],
        scene["events"],
        scene["pvc"],
        scene["nodes"],
        now=datetime.fromisoformat(scene["now"]),
        others=scene["others"],
        log_tail=scene.get("log_tail", ()),
    )


def end(scene: Json, *, with_log: bool = True) -> ExitRecord:
    """Judge an end as it was recorded."""
    nodes = scene["nodes"]
    tail = scene.get("log_tail", ()) if with_log else ()
    return read_exit(scene["pod"], nodes[0] if nodes else None, tail, node_gone=not nodes)
