"""What this runtime asks of a Kubernetes API server: a seam of raw JSON objects.

Raw, because models cost six times the processor time of the bytes they were made from. Every call has a timeout and
ends in an answer, in an `ApiError` that carries the server's own words, or in an `UnreachableError`; a read that
finds nothing says so only where the server said 404.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

Json = Mapping[str, Any]
"""An object as the API server writes it."""


class Kind(StrEnum):
    """The resources of this runtime; the value is the plural in paths."""

    POD = "pods"
    SECRET = "secrets"  # noqa: S105 (the name of a resource)
    CLAIM = "persistentvolumeclaims"
    EVENT = "events"
    NODE = "nodes"

    @property
    def namespaced(self) -> bool:
        return self is not Kind.NODE


class ApiError(Exception):
    """The API server answered that it does not do this."""

    def __init__(self, status: int, reason: str, message: str, details: Json | None = None) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        """Its machine-readable word: ``AlreadyExists``, ``Forbidden``, ``Invalid`` …"""
        self.message = message
        self.details = details or {}

    @property
    def not_found(self) -> bool:
        return self.status == 404

    @property
    def already_exists(self) -> bool:
        return self.status == 409 and self.reason == "AlreadyExists"

    @property
    def conflict(self) -> bool:
        """Something changed meanwhile, or the object of that UID is another one now."""
        return self.status == 409 and self.reason != "AlreadyExists"

    @property
    def expired(self) -> bool:
        """The version or page that was asked for is too old: everything has to be listed again."""
        return self.status == 410


class UnreachableError(Exception):
    """No answer: the API server is away, too slow, or cut the connection; what was asked may have been done."""


@dataclass(frozen=True)
class Listing:
    """One page of a list."""

    items: Sequence[Json]
    version: str
    """Of the whole list; a watch goes on from here."""
    more: str | None
    """Where the next page begins."""


@dataclass(frozen=True)
class WatchEvent:
    """One line of a watch: ``ADDED``, ``MODIFIED``, ``DELETED`` or ``BOOKMARK``."""

    type: str
    object: Json


class Api(Protocol):
    """The calls; every one may raise `ApiError` and `UnreachableError`."""

    async def read(self, kind: Kind, name: str) -> Json | None:
        """Read an object; None: the server said that there is none."""

    async def create(self, kind: Kind, body: Json) -> Json:
        """Make an object."""

    async def merge(self, kind: Kind, name: str, change: Json) -> Json:
        """Change an object by a merge patch (a `uid` or `resourceVersion` in it is a condition)."""

    async def patch(self, kind: Kind, name: str, operations: Sequence[Json]) -> Json:
        """Change an object by a JSON patch, whole or not at all."""

    async def delete(self, kind: Kind, name: str, *, uid: str, grace_seconds: int | None = None) -> None:
        """Ask for the end of the object with this UID."""

    async def page(
        self,
        kind: Kind,
        *,
        labels: str = "",
        fields: str = "",
        limit: int = 500,
        after: str | None = None,
        metadata_only: bool = False,
    ) -> Listing:
        """Read one page of a list."""

    def watch(
        self, kind: Kind, *, labels: str = "", fields: str = "", version: str, seconds: int
    ) -> AsyncGenerator[WatchEvent, None]:
        """Follow what changes after `version`, for about so many seconds.

        Raises:
            ApiError: `expired` where the version is too old, also in the middle.
        """

    async def log(self, pod: str, container: str, *, lines: int, most_bytes: int) -> bytes:
        """Read the end of a container's log."""

    async def aclose(self) -> None:
        """Close the connections."""


async def pages(
    api: Api, kind: Kind, *, labels: str = "", fields: str = "", metadata_only: bool = False
) -> AsyncGenerator[Listing, None]:
    """Read a whole list page by page, so that only one page is held at a time."""
    after: str | None = None
    while True:
        page = await api.page(kind, labels=labels, fields=fields, after=after, metadata_only=metadata_only)
        yield page
        if page.more is None:
            return
        after = page.more
