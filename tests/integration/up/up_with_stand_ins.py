"""`ccplant up` with stand-ins for the services: run as `python up_with_stand_ins.py DATA_DIR PORT`.

The servers are real; the services are this file again, so that the life of processes is tested without what they do.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        parts = {name: {"status": "ok"} for name in ("nats", "mongodb", "orchestrator")}
        body = json.dumps({"parts": parts}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
TIED = """
import os, select, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
anchor = os.pidfd_open(int(sys.argv[1]))
select.select([anchor], [], [])
import signal
for entry in os.listdir("/proc"):
    try:
        if entry.isdigit() and open(f"/proc/{entry}/stat").read().rpartition(")")[2].split()[1] == str(os.getpid()):
            os.kill(int(entry), signal.SIGKILL)
    except OSError:
        pass
"""


def stand_in(name: str) -> None:
    """Be a service."""
    if os.environ.get("BROKEN") == name:
        sys.exit("this service is broken on purpose")
    if name == "api":
        HTTPServer((os.environ["CCPLANT_HOST"], int(os.environ["CCPLANT_PORT"])), Health).serve_forever()
        return
    if name == "webhook-ingest":
        place = (os.environ["CCPLANT_INGEST_HOST"], int(os.environ["CCPLANT_INGEST_PORT"]))
        HTTPServer(place, Health).serve_forever()
        return
    if name == "scheduler":
        Path(os.environ["CCPLANT_ALIVE_FILE"]).touch(mode=0o600)
        signal.pause()
    anchor = os.environ["CCPLANT_LOCAL_ANCHOR_PID"]
    # as the local runtime does: a supervisor in a session of its own, tied to the anchor and not to the orchestrator
    subprocess.Popen([sys.executable, "-c", TIED, anchor], start_new_session=True)
    if os.environ.get("STUBBORN"):
        subprocess.Popen([sys.executable, "-c", STUBBORN], start_new_session=True)
    signal.pause()


async def main(data_dir: Path, port: int) -> None:
    from ccplant_cli.up.command import say
    from ccplant_cli.up.data_dir import DataDir
    from ccplant_cli.up.errors import UpError
    from ccplant_cli.up.instance import Connection, Instance
    from ccplant_cli.up.options import Options
    from ccplant_cli.up.supervisor import ChildSpec

    def service(name: str, environment: Mapping[str, str], data: DataDir) -> ChildSpec:
        return ChildSpec(
            name=name,
            command=[sys.executable, __file__, "--service", name],
            environment=environment,
            directory=data.root,
            stop_seconds=2,
        )

    def ready(connection: Connection) -> None:
        print(connection.as_json(), flush=True)

    options = Options(
        data_dir=data_dir,
        port=port,
        webhook_port=int(os.environ["WEBHOOK_PORT"]) if os.environ.get("WEBHOOK_PORT") else None,
        nats_url=os.environ.get("OUTSIDE_NATS"),
        mongodb_url=os.environ.get("OUTSIDE_MONGODB"),
    )
    instance = Instance(
        options, say=say, ready=ready, environment=os.environ, make_service=service, sessions_end_seconds=3
    )
    try:
        await instance.run()
    except UpError as error:
        print(error, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    if sys.argv[1] == "--service":
        stand_in(sys.argv[2])
    else:
        asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
