"""What an agent gets for reaching its model comes from one place, so that a gateway can take the key's."""

from __future__ import annotations

from collections.abc import Mapping

from ccplant_contracts.launch import BusAccess, LaunchSpec
from ccplant_contracts.session import EnvValue, SessionConfig
from ccplant_orchestrator.sessions.launching import AgentDefaults, KeyInEnvironment, ModelAccess, launch_spec
from tests.unit.orchestrator.sessions import LAUNCH_ID, launch, session


class Issuer:
    """Gives every launch the same bus."""

    def work(self, launch_id: str) -> BusAccess:
        return BusAccess(url="nats://bus", inbox_prefix=launch_id)

    renewal = work


class Gateway:
    """Gives each launch an address and a token of its own."""

    def environment(self, agent: str, launch_id: str) -> Mapping[str, str]:
        return {"ANTHROPIC_BASE_URL": "http://gateway", "ANTHROPIC_AUTH_TOKEN": f"{agent}:{launch_id}"}


def spec(access: ModelAccess, **config: object) -> LaunchSpec:
    """Build the specification of a launch with this access."""
    doc = session(
        config=SessionConfig.model_validate({"agent": "claude-code", **config}).model_dump(mode="json")
    )
    agents = AgentDefaults("demo", access)
    return launch_spec(doc, launch(), issue=Issuer(), agents=agents, start_timeout_seconds=60)


def test_an_agent_gets_its_own_key_and_no_others() -> None:
    access = KeyInEnvironment(
        {"claude-code": {"ANTHROPIC_API_KEY": "sk-one-secret"}, "codex": {"OPENAI_API_KEY": "x"}}
    )
    made = spec(access)
    assert made.env == {"ANTHROPIC_API_KEY": "sk-one-secret"}
    assert "sk-one-secret" in made.secrets


def test_a_gateway_gives_each_launch_a_token_of_its_own_and_no_key() -> None:
    made = spec(Gateway())
    token = f"claude-code:{LAUNCH_ID}"
    assert made.env == {"ANTHROPIC_BASE_URL": "http://gateway", "ANTHROPIC_AUTH_TOKEN": token}
    assert token in made.secrets


def test_what_the_owner_sets_wins() -> None:
    own = {"ANTHROPIC_AUTH_TOKEN": EnvValue(value="mine")}
    assert spec(Gateway(), env=own).env["ANTHROPIC_AUTH_TOKEN"] == "mine"
