"""`docker compose up` gives an installation that answers, and each of its containers may die at any time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.compose.installation import Installation, require_engine
from tests.support.programs import NotAvailableError
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.compose, pytest.mark.timeout(600)]

SERVICES = ("nats", "mongo", "api", "orchestrator", "webhook-ingest", "scheduler")


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    try:
        require_engine()
    except NotAvailableError as reason:
        pytest.skip(str(reason))
    made = Installation(up=False)
    try:
        made.up()
        yield made
    finally:
        made.down()


def test_the_first_request_of_the_readme_is_answered(installation: Installation) -> None:
    _, said = installation.ask("echo Hello!")
    assert said == ["Hello!"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_that_is_killed_is_started_again_and_all_goes_on(
    installation: Installation, service: str
) -> None:
    session, said = installation.ask("echo before")

    installation.kill(service)

    wait_until(lambda: installation.request("GET", "/health")["status"] == "ok", 60, "everything to be well")
    assert installation.said(session) == said
    _, after = installation.ask(f"echo after {service}")
    assert after == [f"after {service}"]


def test_a_session_ends_with_its_container_and_says_so(installation: Installation) -> None:
    session, _ = installation.ask("echo before")

    installation.kill("orchestrator")

    def ended() -> bool:
        return bool(
            installation.request("GET", f"/api/v1/sessions/{session}")["status"] in ("failed", "terminated")
        )

    wait_until(ended, 60, "the session's end")
    found = installation.request("GET", f"/api/v1/sessions/{session}")
    assert found["status_reason"] in ("node_shutdown", "runner_crashed", "runner_lost"), found


def test_what_was_there_is_there_after_a_restart_of_everything(installation: Installation) -> None:
    session, said = installation.ask("echo stays")
    token = installation.token

    installation.down(volumes=False)
    installation.up()

    assert installation.token == token
    assert installation.said(session) == said


def test_no_container_runs_as_root_and_none_has_a_capability(installation: Installation) -> None:
    for service in SERVICES:
        state = installation.state(service)
        assert state["Config"]["User"] == "1000:1000", service
        assert state["HostConfig"]["CapDrop"] == ["ALL"], service
        assert state["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped", service


def test_no_secret_is_in_an_image_or_an_environment(installation: Installation) -> None:
    for service in SERVICES:
        environment = "\n".join(installation.state(service)["Config"]["Env"])
        assert installation.token not in environment
        assert "mongodb://" not in environment


def test_the_bus_and_the_database_are_reached_from_inside_alone(installation: Installation) -> None:
    for service in ("nats", "mongo"):
        assert not any(installation.state(service)["NetworkSettings"]["Ports"].values())
