"""A real runner whose credential ends within seconds: what it says and is told goes on as if it did not."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from nats.errors import Error as NatsError

from ccplant_contracts.launch import PromptDelivery, PromptReceipt
from tests.support.runner_process import RunnerProcess, runner_process
from tests.support.servers import NatsServer
from tests.support.waiting import eventually

LIFETIME = timedelta(seconds=5)
REFUSED = 3

Launch = Callable[..., AbstractAsyncContextManager[RunnerProcess]]


@pytest.fixture
def launch(nats_server: NatsServer, tmp_path: Path) -> Launch:
    """Start a launch with a short-lived credential."""

    @asynccontextmanager
    async def started(lifetime: timedelta = LIFETIME, **changes: object) -> AsyncIterator[RunnerProcess]:
        async with runner_process(nats_server, tmp_path, lifetime, **changes) as runner:
            await runner.start()
            yield runner

    return started


async def all_ended(lifetime: timedelta = LIFETIME) -> None:
    """Wait until every credential that was given until now is over."""
    end = time.time() + lifetime.total_seconds()
    await eventually(lambda: time.time() > end, lifetime.total_seconds() + 5, interval=0.1)


def logged(runner: RunnerProcess, event: str) -> int:
    return runner.log.count(f'"{event}"'.encode())


async def test_output_goes_on_over_renewals_and_is_sent_once(launch: Launch) -> None:
    async with launch() as runner:
        await runner.ready()
        prompt = await runner.prompt("stream 400 25")
        assert await runner.ended(prompt, 60) == "done"
        assert len(runner.text(prompt).split()) == 400
        await eventually(lambda: len(runner.renewals) >= 3, 30)
        assert runner.received == sorted(set(runner.received)), "nothing had to be sent again"
        assert len(runner.registrations) == 1, "nobody noticed that the client was replaced"
        assert logged(runner, "bus_client_replaced") == 0, "it was never cut off"
        assert len({request.public_key for request in runner.renewals}) == len(runner.renewals)


async def test_every_request_is_answered_once_while_clients_are_replaced(launch: Launch) -> None:
    async with launch() as runner:
        await runner.ready()
        prompt = await runner.prompt("hang")
        delivery = PromptDelivery(prompt_id=prompt, number=1, text="hang", by="tester")
        while len(runner.renewals) < 3:
            receipt = await runner.ask("prompt", delivery, PromptReceipt)
            assert receipt.accepted
        assert runner.turns(prompt) == ["started"]


async def test_a_bus_that_is_away_for_longer_than_the_credential_lives_loses_nothing(
    launch: Launch, nats_server: NatsServer
) -> None:
    async with launch() as runner:
        await runner.ready()
        prompt = await runner.prompt("stream 200 60")
        await eventually(lambda: len(runner.text(prompt)) > 20)
        nats_server.kill()
        await all_ended()
        asked = len(runner.renewals)
        nats_server.start()
        assert await runner.ended(prompt, 60) == "done"
        assert len(runner.text(prompt).split()) == 200
        assert len(runner.renewals) > asked
        assert sorted(runner.stored) == list(range(1, len(runner.stored) + 1))
        assert await _turn(runner, "echo after") == ("done", "after")


async def test_a_control_plane_that_is_away_for_longer_than_the_credential_lives_loses_nothing(
    launch: Launch,
) -> None:
    async with launch() as runner:
        await runner.ready()
        issuer, runner.issuer = runner.issuer, None
        prompt = await runner.prompt("stream 200 60")
        await eventually(lambda: logged(runner, "bus_client_replaced"), 20)
        assert runner.process is not None
        assert runner.process.returncode is None
        runner.issuer = issuer
        assert await runner.ended(prompt, 60) == "done"
        assert len(runner.text(prompt).split()) == 200


async def test_a_wiped_bus_lets_a_runner_in_whose_credential_ended_meanwhile(
    launch: Launch, nats_server: NatsServer
) -> None:
    async with launch() as runner:
        await runner.ready()
        nats_server.kill()
        await all_ended()
        nats_server.wipe()
        state, text = await _turn(runner, "echo still here")
        assert (state, text) == ("done", "still here")


async def test_a_launch_that_is_over_is_told_so_and_its_runner_ends(launch: Launch) -> None:
    async with launch() as runner:
        await runner.ready()
        runner.refuse = True
        await runner.last_word(30)
        assert runner.process is not None
        assert runner.process.returncode == REFUSED
        assert len(runner.registrations) == 1, "it was told by its renewal alone"


async def test_a_first_credential_that_ended_before_the_start_is_renewed_first(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    async with runner_process(nats_server, tmp_path, timedelta(seconds=1)) as runner:
        await all_ended(timedelta(seconds=1))
        runner.issuer = nats_server.issuer(timedelta(minutes=1))
        await runner.start()
        await runner.ready()
        assert len(runner.renewals) == 1
        assert logged(runner, "bus_unreachable") == 0, "it did not try with what had ended"


async def test_a_clock_that_is_behind_delays_the_first_renewal_and_loses_nothing(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """The runner takes a credential for younger than it is, and is cut off before it asks for the next one."""
    async with runner_process(nats_server, tmp_path, LIFETIME) as runner:
        issued = datetime.now(UTC) + timedelta(hours=1)
        late = runner.spec.bus.model_copy(update={"issued_at": issued, "seconds_to_live": 3_600.0})
        runner.spec = runner.spec.model_copy(update={"bus": late})
        runner.issuer = nats_server.issuer(timedelta(minutes=1))
        await runner.start()
        await runner.ready()
        prompt = await runner.prompt("stream 500 60")
        assert await runner.ended(prompt, 60) == "done"
        assert len(runner.text(prompt).split()) == 500
        assert len(runner.renewals) == 1
        assert logged(runner, "bus_client_replaced") == 1


async def test_a_credential_with_much_time_left_is_left_alone(launch: Launch) -> None:
    async with launch(lifetime=timedelta(minutes=10)) as runner:
        await runner.ready()
        state, text = await _turn(runner, "echo calm")
        assert (state, text) == ("done", "calm")
        assert runner.renewals == []


async def _turn(runner: RunnerProcess, text: str) -> tuple[str, str]:
    """Run a turn; the runner may still be on its way back."""
    prompt = "prompt-after"

    async def taken() -> bool:
        delivery = PromptDelivery(prompt_id=prompt, number=1, text=text, by="tester")
        try:
            return (await runner.ask("prompt", delivery, PromptReceipt)).accepted
        except (NatsError, TimeoutError):
            return False

    await eventually(taken, 30)
    return await runner.ended(prompt, 30), runner.text(prompt)
