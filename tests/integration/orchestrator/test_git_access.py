"""An owner's token on its way from MongoDB to a launch: opened for its owner, and for a repository at its host alone."""

from __future__ import annotations

from datetime import UTC, datetime

from ccplant_orchestrator.sessions.git_access import OwnersGitAccess
from ccplant_platform.sealing import Sealer
from ccplant_store.users import token_purpose
from tests.integration.orchestrator.conftest import OWNER, Plant
from tests.support.waiting import eventually

TOKEN = "ghp_" + "a1B2" * 9
SEALER = Sealer([bytes(32)])
NOW = datetime(2026, 1, 2, tzinfo=UTC)


async def keep(plant: Plant, sealed: str) -> None:
    await plant.store.users.claim_github(7, OWNER, None, NOW)
    await plant.store.users.keep_token(OWNER, sealed, "mark")


async def test_a_launch_gets_its_owners_token_for_a_repository_at_its_host(plant: Plant) -> None:
    await keep(plant, SEALER.seal(TOKEN, token_purpose(OWNER)))
    plant.git_access = OwnersGitAccess(plant.store.users, SEALER, "https://github.com").of
    at_home = await plant.create(repository="https://github.com/octo/private")
    elsewhere = await plant.create(repository="https://git.example/octo/private")
    nothing = await plant.create()
    await eventually(lambda: len(plant.runtime.launched) == 3)
    given = {spec.session_id: spec.git for spec in plant.runtime.launched.values()}
    access = given[at_home.id]
    assert access is not None
    assert (access.url, access.token) == ("https://github.com", TOKEN)
    assert given[elsewhere.id] is given[nothing.id] is None
    kept = await plant.store.sessions.get(at_home.id)
    assert TOKEN not in str(kept)


async def test_a_token_that_cannot_be_opened_holds_no_session_back(plant: Plant) -> None:
    users = plant.store.users
    await users.claim_github(7, OWNER, None, NOW)
    session = await plant.create(repository="https://github.com/octo/x")
    lookup = OwnersGitAccess(users, SEALER, "https://github.com")
    assert await lookup.of(session) is None
    await keep(plant, SEALER.seal(TOKEN, token_purpose("somebody-else")))
    assert await lookup.of(session) is None, "another owner's token was opened in this one's place"
    await users.keep_token(OWNER, Sealer([b"k" * 32]).seal(TOKEN, token_purpose(OWNER)), "mark-2")
    assert await lookup.of(session) is None
    await users.keep_token(OWNER, SEALER.seal(TOKEN, token_purpose(OWNER)), "mark-3")
    assert await OwnersGitAccess(users, None, "https://github.com").of(session) is None
    assert await lookup.of(session) is not None
