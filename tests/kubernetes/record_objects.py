"""Records the objects that the diagnosis is tested with, from a real control plane, fake nodes and a real one.

    python -m tests.kubernetes.record_objects [FOLDER] [--only node]

Needs what `make test-node` needs, and takes some minutes. What is recorded differs from run to run in times and
identifiers only: a difference in words is a new version of Kubernetes or containerd, and worth reading.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from tests.kubernetes.cluster.control_plane import ControlPlane
from tests.kubernetes.cluster.kwok import Kwok
from tests.kubernetes.cluster.namespaces import new_namespace
from tests.kubernetes.cluster.node import Node
from tests.kubernetes.recorded_scenes import disruptions, on_node, placing, refusals, volumes
from tests.kubernetes.recording import Recorder

FOLDER = Path("tests/unit/orchestrator/runtimes/kubernetes/diagnosis/recorded")


def main(folder: Path, only: str | None) -> None:
    """Record all scenes, or only those of the control plane or of the node."""
    folder.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="ccpr-"))
    plane = ControlPlane(work / "plane")
    kwok = Kwok(plane, work / "kwok")
    try:
        plane.start()
        api = plane.api()
        recorder = Recorder(api, new_namespace(api), folder)
        if only != "node":
            placing.record_without_nodes(recorder)
            refusals.record(recorder)
        volumes.add_classes(recorder)
        kwok.start()
        kwok.add_nodes(api, 3)
        if only != "node":
            placing.record(recorder, kwok)
            volumes.record(recorder)
            disruptions.record(recorder, kwok)
        if only != "control-plane":
            _record_node(recorder, plane)
        api.close()
    finally:
        kwok.kill()
        plane.kill()
        shutil.rmtree(work, ignore_errors=True)


def _record_node(recorder: Recorder, plane: ControlPlane) -> None:
    node = Node(plane)
    try:
        node.start(recorder.api)
        recorder.hide = {node.name: "node-1", node.address: "192.0.2.1", str(node.folder): "/node"}
        # beside fake nodes: where every node falls silent, the control plane gives up none
        on_node.record(recorder, node)
    finally:
        node.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--only", choices=("control-plane", "node"))
    options = parser.parse_args()
    main(options.folder, options.only)
