"""One name is one owner: however people sign in, rename themselves or race, two of them never get the same one."""

from __future__ import annotations

import asyncio

from ccplant_store import Store
from ccplant_store.access import TokenDoc, digest
from ccplant_store.users import possible_names
from tests.support.clock import FakeClock


async def test_an_account_gets_its_login_and_keeps_it_when_it_is_renamed(
    store: Store, clock: FakeClock
) -> None:
    first = await store.users.claim_github(583231, "OctoCat", None, clock.now())
    assert (first.id, first.github_login) == ("octocat", "OctoCat")
    renamed = await store.users.claim_github(583231, "monalisa", "m@example.com", clock.now())
    assert renamed.id == "octocat"
    kept = await store.users.get("octocat")
    assert kept is not None
    assert (kept.github_login, kept.email) == ("monalisa", "m@example.com")


async def test_who_takes_over_a_login_does_not_take_over_its_owner(store: Store, clock: FakeClock) -> None:
    await store.users.claim_github(583231, "octocat", None, clock.now())
    taken_over = await store.users.claim_github(9, "octocat", None, clock.now())
    assert taken_over.id == "octocat-9"
    # somebody may be called so as well
    assert (await store.users.claim_github(10, "octocat-9", None, clock.now())).id == "octocat-9-10"


async def test_a_local_user_and_an_account_of_the_same_name_are_two(store: Store, clock: FakeClock) -> None:
    assert await store.users.claim_local("ann", clock.now())
    assert await store.users.claim_local("ann", clock.now())
    assert (await store.users.claim_github(7, "Ann", None, clock.now())).id == "ann-7"
    await store.users.claim_github(8, "bob", None, clock.now())
    assert not await store.users.claim_local("bob", clock.now())


async def test_a_name_from_before_names_were_given_is_taken(store: Store, clock: FakeClock) -> None:
    token = TokenDoc(id=digest("x"), key_id="key-1", owner="ann", created_at=clock.now())
    await store.tokens.create(token)
    assert (await store.users.claim_github(7, "ann", None, clock.now())).id == "ann-7"


async def test_gateways_that_race_for_an_account_give_it_one_name(
    replicas: tuple[Store, ...], clock: FakeClock
) -> None:
    given = await asyncio.gather(
        *(
            store.users.claim_github(583231, "octocat", None, clock.now())
            for store in replicas
            for _ in range(4)
        )
    )
    assert {user.id for user in given} == {"octocat"}


async def test_accounts_that_race_for_a_login_get_a_name_each(
    replicas: tuple[Store, ...], clock: FakeClock
) -> None:
    given = await asyncio.gather(
        *(
            store.users.claim_github(number, "octocat", None, clock.now())
            for number, store in enumerate(replicas, 1)
        )
    )
    assert len({user.id for user in given}) == len(replicas)


async def test_the_last_possible_names_can_be_nobodys_login() -> None:
    names = list(possible_names("Octo", 7))
    assert names[:2] == ["octo", "octo-7"]
    assert all("." in name for name in names[2:])


async def test_a_token_is_replaced_by_another_and_forgotten_only_while_it_is_the_kept_one(
    store: Store, clock: FakeClock
) -> None:
    await store.users.claim_github(7, "ann", None, clock.now())

    async def kept() -> str | None:
        user = await store.users.get("ann")
        assert user is not None
        return user.sealed_token

    await store.users.keep_token("ann", "sealed-1", "mark-1")
    await store.users.keep_token("ann", "sealed-1-again", "mark-1")
    assert await kept() == "sealed-1"
    await store.users.keep_token("ann", "sealed-2", "mark-2")
    await store.users.forget_token("ann", "mark-1")
    assert await kept() == "sealed-2"
    await store.users.forget_token("ann", "mark-2")
    assert await kept() is None
