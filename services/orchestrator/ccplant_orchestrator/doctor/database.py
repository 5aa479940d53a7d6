"""MongoDB: whether it answers, is a replica set with a primary, and lets this service write."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from ccplant_orchestrator.doctor.finding import Finding, ok, warning, wrong
from ccplant_platform.settings import MongoSettings, SettingsError
from ccplant_store import Store
from ccplant_store.errors import StoreMisconfiguredError, StoreUnavailableError

NAME = "mongodb"
_MOST_UNREADABLE = 100
_STANDALONE = "is a standalone server"


async def check(settings: MongoSettings) -> AsyncIterator[Finding]:
    """Look at the database."""
    try:
        url = settings.url()
    except SettingsError as error:
        yield wrong(NAME, "mongodb_settings", error=error)
        return
    where = without_login(url)
    try:
        store = await Store.connect(url, database=settings.mongodb_database, application="ccplant-doctor")
    except StoreMisconfiguredError as error:
        code = "mongodb_standalone" if _STANDALONE in str(error) else "mongodb_refused"
        yield wrong(NAME, code, url=where, error=error)
        return
    except StoreUnavailableError as error:
        yield wrong(NAME, "mongodb_unreachable", url=where, error=error)
        return
    try:
        # written by a majority, journalled, and forgotten within a second
        await store.leases.acquire("doctor", "doctor", 1.0)
        unreadable = await store.unreadable.list(limit=_MOST_UNREADABLE)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        yield wrong(NAME, "mongodb_not_writable", url=where, database=settings.mongodb_database, error=error)
    else:
        yield ok(NAME, "mongodb_ok", url=where, database=settings.mongodb_database)
        if unreadable:
            which = ", ".join(f"{each.id} ({each.problem})" for each in unreadable)
            count = f"{len(unreadable)}{'+' if len(unreadable) == _MOST_UNREADABLE else ''}"
            yield warning(NAME, "documents_unreadable", count=count, which=which)
    finally:
        store.close()


def without_login(url: str) -> str:
    """Return an address that can be shown."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
