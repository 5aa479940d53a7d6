"""MongoDB: whether it answers, is a replica set with a primary, and lets this service write."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from ccplant_orchestrator.doctor.finding import Finding, ok, wrong
from ccplant_platform.settings import MongoSettings, SettingsError
from ccplant_store import Store
from ccplant_store.errors import StoreMisconfiguredError, StoreUnavailableError

NAME = "mongodb"
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
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        yield wrong(NAME, "mongodb_not_writable", url=where, database=settings.mongodb_database, error=error)
    else:
        yield ok(NAME, "mongodb_ok", url=where, database=settings.mongodb_database)
    finally:
        store.close()


def without_login(url: str) -> str:
    """Return an address that can be shown."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
