"""One run of the whole system: start in an order, watch, end in the reverse order.

Sessions are tied to an *anchor*, a process that does nothing but die with `ccplant up`. At an orderly end it goes right
after the API, while orchestrator, NATS and MongoDB still run: so one mechanism ends sessions after Ctrl-C and after a
SIGKILL, and after Ctrl-C their end is on record at once.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from ccplant_cli.agents.credentials import agent_environment
from ccplant_cli.agents.installed import installed_agents
from ccplant_cli.agents.packages import DEMO, PACKAGES
from ccplant_cli.up import binaries, leftovers, mongo, nats, outside, ports, services
from ccplant_cli.up.data_dir import DataDir, keep_secret, write_private
from ccplant_cli.up.errors import UpError
from ccplant_cli.up.options import Options
from ccplant_cli.up.services import Surroundings
from ccplant_cli.up.supervisor import Child, ChildSpec, Supervisor

LOG_LOOK_SECONDS = 1.0
MOST_WARNINGS = 5
"""Of one child and second that are shown; the log has all of them."""
SESSIONS_END_SECONDS = 10.0

A = TypeVar("A")
B = TypeVar("B")
Say = Callable[..., None]
MakeService = Callable[[str, Mapping[str, str], DataDir], ChildSpec]


@dataclass(frozen=True)
class Connection:
    """How a client reaches the instance: what `--json` prints and `connection.json` holds."""

    url: str
    token: str
    pid: int
    data_dir: str
    webhook_url: str
    """Where deliveries of webhooks arrive: this, `/webhooks/` and the webhook's id."""

    def as_json(self) -> str:
        return json.dumps(asdict(self))


async def together(first: Coroutine[None, None, A], second: Coroutine[None, None, B]) -> tuple[A, B]:
    """Run both and return what they give; the first failure is told, and what it does to the other one is no news."""
    one, two = asyncio.create_task(first), asyncio.create_task(second)
    try:
        given = await asyncio.gather(one, two)
        return given[0], given[1]
    finally:
        for task in (one, two):
            task.cancel()
        await asyncio.gather(one, two, return_exceptions=True)


class Instance:
    """The processes of one data directory."""

    def __init__(
        self,
        options: Options,
        *,
        say: Say,
        ready: Callable[[Connection], None],
        environment: Mapping[str, str],
        make_service: MakeService = services.service,
        sessions_end_seconds: float = SESSIONS_END_SECONDS,
    ) -> None:
        self._options = options
        self._say = say
        self._ready = ready
        self._given = environment
        self._environment = services.inherited(environment)
        self._make_service = make_service
        self._sessions_end_seconds = sessions_end_seconds
        self._data = DataDir(options.data_dir)
        self._stop_asked = asyncio.Event()
        self._force_asked = asyncio.Event()
        self._supervisor = Supervisor(self._data, say)
        self._anchor: Child | None = None

    async def run(self) -> None:
        """Start, run until told to stop, stop.

        Raises:
            UpError: it could not start, or could not go on.
        """
        self._data.create()
        lock = self._data.lock()
        try:
            leftovers.sweep(self._data.run, lambda name, pid: self._say("swept", name=name, pid=pid))
            ports.require_free(self._options.host, self._options.port)
            if self._options.webhook_port is not None:
                ports.require_free(self._options.host, self._options.webhook_port, "--webhook-port")
            self._say("starting", data_dir=self._data.root)
            self._supervisor.watch_children()
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # `nohup` stays so
                    loop.add_signal_handler(number, self._signalled)
            try:
                await self._until_stop(self._start_and_watch())
            finally:
                await self._end()
        finally:
            os.close(lock)

    def _signalled(self) -> None:
        (self._force_asked if self._stop_asked.is_set() else self._stop_asked).set()

    async def _until_stop(self, work: Coroutine[None, None, None]) -> None:
        """Run `work` until it ends, a stop is asked for, or a child is given up."""
        working = asyncio.create_task(work)
        stop = asyncio.create_task(self._stop_asked.wait())
        try:
            watched: set[asyncio.Future[Any]] = {working, stop, self._supervisor.failed}
            await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            if self._supervisor.failed.done():
                raise self._supervisor.failed.result()
            if working.done():
                await working
        finally:
            for task in (working, stop):
                task.cancel()
            await asyncio.wait({working, stop})

    async def _start_and_watch(self) -> None:
        self._anchor = self._supervisor.spawn(
            ChildSpec(
                name="anchor", command=["cat"], environment=self._environment, directory=self._data.root
            ),
            stdin=subprocess.PIPE,
        )
        ground = await self._foundations(self._anchor.process.pid)
        self._say("services_starting")
        await self._services(ground)
        self._supervisor.all_ready()
        connection = Connection(
            url=self._options.url,
            token=ground.bootstrap_token_file.read_text(encoding="utf-8").strip(),
            pid=os.getpid(),
            data_dir=str(self._data.root),
            webhook_url=self._options.url_at(ground.webhook_port),
        )
        write_private(self._data.connection, connection.as_json() + "\n")
        self._ready(connection)
        await asyncio.gather(self._watch_logs(), self._watch_anchor(self._anchor))

    async def _services(self, ground: Surroundings) -> None:
        """Start the services and wait until each says that it is there."""
        services.alive_file(self._data).unlink(missing_ok=True)
        probes: dict[str, Callable[[], object]] = {
            services.API: lambda: services.probe(self._options),
            services.INGEST: lambda: services.probe_ingest(self._options, ground.webhook_port),
            services.SCHEDULER: lambda: services.probe_scheduler(self._data),
        }
        specs = {
            name: self._make_service(
                name,
                services.service_environment(self._data, self._options, ground, self._environment, name),
                self._data,
            )
            for name in services.ALL
        }
        for spec in specs.values():
            self._supervisor.keep(spec)
        for name, probe in probes.items():
            await self._supervisor.answers(specs[name], probe, services.START_SECONDS)

    async def _foundations(self, anchor_pid: int) -> Surroundings:
        """Start or check NATS and MongoDB, both at once."""
        in_pods = self._options.in_pods
        agents = (DEMO, *(PACKAGES if in_pods else installed_agents(self._data.agents)))
        token = self._data.secrets / "bootstrap.token"
        keep_secret(token, prefix="ccp_")
        sealing_key = self._data.secrets / "sealing.key"
        keep_secret(sealing_key)
        agent_env = self._data.secrets / "agent-env.json"
        write_private(
            agent_env,
            json.dumps({agent: agent_environment(agent, self._given, in_pods=in_pods) for agent in agents}),
        )
        # what is missing is said before anything starts
        nats_binary = binaries.nats_server() if self._options.nats_url is None else None
        mongod_binary = binaries.mongod() if self._options.mongodb_url is None else None
        chosen = self._choose_ports()
        login, mongodb_url_file = await together(
            self._bus(nats_binary, chosen[nats.NAME]), self._database(mongod_binary, chosen[mongo.NAME])
        )
        return Surroundings(
            bus=login,
            mongodb_url_file=mongodb_url_file,
            bootstrap_token_file=token,
            agent_env_file=agent_env,
            sealing_key_file=sealing_key,
            agents=agents,
            anchor_pid=anchor_pid,
            webhook_port=chosen[services.INGEST],
        )

    def _choose_ports(self) -> dict[str, int]:
        before = self._data.remembered_ports()
        chosen: dict[str, int] = {}
        for name in (nats.NAME, mongo.NAME):
            port = ports.free_port(before.get(name))
            while port in (self._options.port, *chosen.values()):
                port = ports.free_port(None)
            chosen[name] = port
        chosen[services.INGEST] = self._webhook_port(before.get(services.INGEST), taken=chosen.values())
        self._data.remember_ports(chosen)
        return chosen

    def _webhook_port(self, before: int | None, *, taken: Collection[int]) -> int:
        """Return where webhooks arrive: the same as last time if it can be, since somebody may have been told it."""
        if self._options.webhook_port is not None:
            return self._options.webhook_port
        host = self._options.host
        port = ports.free_port(before or services.WEBHOOK_PORT, host)
        while port in (self._options.port, *taken):
            port = ports.free_port(None, host)
        return port

    async def _bus(self, binary: str | None, port: int) -> outside.NatsLogin:
        if binary is None:
            login = await asyncio.to_thread(outside.nats, self._options.nats_url or "", self._given)
            if login.operator.is_file():
                await self._supervisor.run(
                    nats.service_credentials(login.directory, self._data, self._environment),
                    nats.PROVISION_SECONDS,
                )
            return login
        began, host = time.monotonic(), self._options.nats_host
        await self._supervisor.run(
            nats.provision(self._data, host, port, self._environment), nats.PROVISION_SECONDS
        )
        spec = nats.server(self._data, binary, self._environment)
        self._supervisor.keep(spec)
        await self._supervisor.answers(spec, lambda: nats.greet(host, port), nats.START_SECONDS)
        self._say("server_ready", name=spec.name, seconds=time.monotonic() - began)
        return outside.NatsLogin(f"nats://{host}:{port}", nats.bus_directory(self._data))

    async def _database(self, binary: str | None, port: int) -> Path:
        if binary is None:
            return await asyncio.to_thread(outside.mongodb, self._data, self._options.mongodb_url or "")
        began = time.monotonic()
        access = mongo.access(self._data, port)
        spec = mongo.server(self._data, binary, port, self._environment)
        self._supervisor.keep(spec)

        def prepare() -> None:
            from ccplant_cli.up.replica_set import prepare

            prepare(access, mongo.START_SECONDS)

        await self._supervisor.answers(spec, prepare, mongo.START_SECONDS)
        self._say("server_ready", name=spec.name, seconds=time.monotonic() - began)
        return mongo.url_file(self._data)

    async def _watch_anchor(self, anchor: Child) -> None:
        await anchor.exited.wait()
        raise UpError("anchor_died")

    async def _watch_logs(self) -> None:
        """Show the children's warnings and keep their logs bounded."""
        for log in self._supervisor.logs.values():
            log.skip_to_end()
        while True:
            await asyncio.sleep(LOG_LOOK_SECONDS)
            for name, log in self._supervisor.logs.items():
                warnings = log.new_warnings()
                for line in warnings[:MOST_WARNINGS]:
                    self._say("log_line", name=name, line=line)
                if len(warnings) > MOST_WARNINGS:
                    self._say("log_skipped", name=name, count=len(warnings) - MOST_WARNINGS, path=log.path)
                log.bound()

    async def _end(self) -> None:
        """End everything in order; a second signal ends it at once."""
        self._say("stopping")
        orderly = asyncio.create_task(self._end_in_order())
        force = asyncio.create_task(self._force_asked.wait())
        await asyncio.wait({orderly, force}, return_when=asyncio.FIRST_COMPLETED)
        if not orderly.done():
            self._say("forced")
        for task in (orderly, force):
            task.cancel()
        await asyncio.wait({orderly, force})
        self._supervisor.kill_everything()
        self._data.connection.unlink(missing_ok=True)
        if not orderly.cancelled():
            orderly.result()
        self._say("stopped")

    async def _end_in_order(self) -> None:
        # nothing new comes in
        await asyncio.gather(
            *(self._supervisor.stop(name) for name in (services.API, services.INGEST, services.SCHEDULER))
        )
        if self._anchor is not None and self._anchor.process.stdin is not None:
            self._anchor.process.stdin.close()
        killed = await self._supervisor.end_others(self._sessions_end_seconds)
        if killed:
            self._say("killed_rest", count=killed)
        await self._supervisor.stop(services.ORCHESTRATOR)
        await asyncio.gather(self._supervisor.stop(nats.NAME), self._supervisor.stop(mongo.NAME))
