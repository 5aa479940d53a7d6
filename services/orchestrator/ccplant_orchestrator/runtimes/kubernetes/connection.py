"""The one module that knows the Kubernetes client: connections, credentials, bytes in and out.

The client is used for what is hard to get right (kubeconfig, plugins that give credentials, tokens that are renewed),
and its models are left alone: bodies are parsed here. It neither retries nor waits; both are the callers' to decide.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import structlog
from kubernetes.aio import config as kube_config
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.client.configuration import Configuration
from pydantic_core import from_json

from ccplant_orchestrator.runtimes.kubernetes.api import (
    ApiError,
    Json,
    Kind,
    Listing,
    UnreachableError,
    WatchEvent,
)
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions

_log = structlog.get_logger(__name__)

_AGENT = "ccplant-orchestrator"
_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
_WATCH_SILENCE = 15.0
"""How much longer than it was asked for a watch may be silent before its connection counts as dead."""
_MOST_LINE = 8 << 20
"""Bytes of one line of a watch; no object may be larger than 1.5 MB."""
_RELOAD_SECONDS = 1.0
"""Credentials that were refused are not read again more often than this."""


class KubernetesApi:
    """Connects at the first call, and again with fresh credentials where they were refused."""

    def __init__(self, options: KubernetesOptions) -> None:
        self._options = options
        self._client: ApiClient | None = None
        self._old: list[ApiClient] = []
        """Clients whose credentials were replaced; calls under way end on them."""
        self._loaded_at = 0.0
        self._loading = asyncio.Lock()

    async def read(self, kind: Kind, name: str) -> Json | None:
        try:
            return await self._json("GET", self._path(kind, name))
        except ApiError as error:
            # a missing namespace or resource type is a 404 as well, but one that does not name this object
            if error.not_found and error.details.get("name") == name:
                return None
            raise

    async def create(self, kind: Kind, body: Json) -> Json:
        return await self._json("POST", self._path(kind), body=body)

    async def merge(self, kind: Kind, name: str, change: Json) -> Json:
        return await self._json(
            "PATCH", self._path(kind, name), body=change, content="application/merge-patch+json"
        )

    async def patch(self, kind: Kind, name: str, operations: Sequence[Json]) -> Json:
        return await self._json(
            "PATCH", self._path(kind, name), body=list(operations), content="application/json-patch+json"
        )

    async def delete(self, kind: Kind, name: str, *, uid: str, grace_seconds: int | None = None) -> None:
        body: dict[str, Any] = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        if grace_seconds is not None:
            body["gracePeriodSeconds"] = grace_seconds
        await self._json("DELETE", self._path(kind, name), body=body)

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
        query = {"limit": str(limit), "labelSelector": labels, "fieldSelector": fields, "continue": after}
        accept = _METADATA if metadata_only else "application/json"
        found = await self._json("GET", self._path(kind), query=query, accept=accept)
        metadata = found.get("metadata", {})
        return Listing(
            items=found.get("items") or (),
            version=str(metadata.get("resourceVersion", "")),
            more=metadata.get("continue") or None,
        )

    async def watch(
        self, kind: Kind, *, labels: str = "", fields: str = "", version: str, seconds: int
    ) -> AsyncGenerator[WatchEvent, None]:
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(seconds),
            "labelSelector": labels,
            "fieldSelector": fields,
        }
        silence = seconds + _WATCH_SILENCE
        timeout = aiohttp.ClientTimeout(total=None, connect=self._options.call_seconds, sock_read=silence)
        async with self._request("GET", self._path(kind), query=query, timeout=timeout) as response:
            async for line in _lines(response.content):
                found = from_json(line)
                event = WatchEvent(str(found["type"]), found["object"])
                if event.type == "ERROR":
                    raise _error(int(event.object.get("code", 500)), event.object)
                yield event

    async def log(self, pod: str, container: str, *, lines: int, most_bytes: int) -> bytes:
        query = {"container": container, "tailLines": str(lines)}
        path = f"{self._path(Kind.POD, pod)}/log"
        timeout = aiohttp.ClientTimeout(total=self._options.log_seconds)
        end = bytearray()
        async with self._request("GET", path, query=query, timeout=timeout, accept="*/*") as response:
            # the server's own limit would keep the beginning, and the last line is the one that matters
            async for piece in response.content.iter_chunked(65_536):
                end.extend(piece)
                if len(end) > 2 * most_bytes:
                    del end[:-most_bytes]
        return bytes(end[-most_bytes:])

    async def aclose(self) -> None:
        clients = [*self._old, *([] if self._client is None else [self._client])]
        self._client = None
        self._old.clear()
        for client in clients:
            await client.close()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        body: Json | None = None,
        query: Mapping[str, str | None] | None = None,
    ) -> Json:
        """Send one request of any other kind, for checks that look at more than sessions do."""
        return await self._json(method, path, body=body, query=query)

    # --- one request ---

    def _path(self, kind: Kind, name: str | None = None) -> str:
        place = f"/namespaces/{quote(self._options.namespace, safe='')}" if kind.namespaced else ""
        one = "" if name is None else f"/{quote(name, safe='')}"
        return f"/api/v1{place}/{kind.value}{one}"

    async def _json(
        self,
        method: str,
        path: str,
        *,
        body: Json | list[Json] | None = None,
        query: Mapping[str, str | None] | None = None,
        content: str = "application/json",
        accept: str = "application/json",
    ) -> Json:
        timeout = aiohttp.ClientTimeout(total=self._options.call_seconds)
        async with self._request(
            method, path, body=body, query=query or {}, content=content, accept=accept, timeout=timeout
        ) as response:
            found: Json = from_json(await response.read())
            return found

    @asynccontextmanager
    async def _request(
        self,
        method: str,
        path: str,
        *,
        timeout: aiohttp.ClientTimeout,
        query: Mapping[str, str | None],
        body: Json | list[Json] | None = None,
        content: str = "application/json",
        accept: str = "application/json",
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send, and raise for whatever is no success; the connection is given back in any case."""
        try:
            client = await self._connected()
            # the body is not given here: nulls, which a merge patch needs, might not survive it
            method, url, headers, _, _ = await client.param_serialize(
                method,
                path,
                query_params=[(name, value) for name, value in query.items() if value],
                header_params={"Accept": accept, "Content-Type": content},
                auth_settings=["BearerToken"],
            )
            answer = await client.rest_client.request(
                method, url, headers=headers, body=body, _request_timeout=timeout
            )
            response: aiohttp.ClientResponse = answer.response
            try:
                if response.status >= 400:
                    await self._raise(response, client)
                yield response
            finally:
                _end(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            said = str(error) or type(error).__name__
            raise UnreachableError(f"the API server does not answer: {said}"[:500]) from error
        except ValueError as error:
            raise UnreachableError(f"the API server's answer makes no sense: {error}"[:500]) from error

    async def _raise(self, response: aiohttp.ClientResponse, client: ApiClient) -> None:
        content = await response.read()
        try:
            said = from_json(content)
        except ValueError:
            said = {}
        if response.status == 401:
            self._forget(client)
        fallback = {"message": content[:500].decode(errors="replace"), "reason": response.reason}
        raise _error(response.status, said if isinstance(said, dict) and said else fallback)

    # --- credentials ---

    async def _connected(self) -> ApiClient:
        if self._client is not None:
            return self._client
        async with self._loading:
            if self._client is None:
                self._client = await self._connect()
                self._loaded_at = time.monotonic()
            return self._client

    async def _connect(self) -> ApiClient:
        # the environment is asked once for a proxy; asked for each request it is searched for a .netrc as well
        configuration = Configuration(
            connection_pool_maxsize=self._options.connections, client_session_kwargs={"trust_env": False}
        )
        try:
            async with asyncio.timeout(self._options.call_seconds):
                await self._load(configuration)
        except Exception as error:  # whatever a kubeconfig may hold: it is told, and read again later
            raise UnreachableError(f"no access to a Kubernetes cluster: {error}") from error
        configuration.proxy = configuration.proxy or proxy_of_environment(configuration.host)
        client = ApiClient(configuration)
        client.user_agent = _AGENT
        return client

    async def _load(self, configuration: Configuration) -> None:
        file = self._options.config_file
        if file is None and _in_cluster():
            kube_config.load_incluster_config(client_configuration=configuration)
            return
        await kube_config.load_kube_config(
            config_file=str(file.expanduser()) if file is not None else None,
            context=self._options.context,
            client_configuration=configuration,
            persist_config=False,
        )

    def _forget(self, client: ApiClient) -> None:
        """Read the credentials again at the next call: those of a plugin run out, and files are replaced."""
        if client is self._client and time.monotonic() - self._loaded_at > _RELOAD_SECONDS:
            _log.info("kubernetes_credentials_refused")
            self._client = None
            self._old = [*self._old[-1:], client]


def _in_cluster() -> bool:
    """Tell whether this process runs in a Pod and was given no other cluster."""
    return "KUBERNETES_SERVICE_HOST" in os.environ and not os.environ.get("KUBECONFIG")


def _end(response: aiohttp.ClientResponse) -> None:
    """Give its connection back; one that was not read to its end cannot be used again, and is cut.

    A polite end of TLS would wait for a server that may be away, behind the end of whoever asked.
    """
    connection = response.connection
    if connection is not None and connection.transport is not None:
        connection.transport.abort()
    response.close()


def proxy_of_environment(url: str) -> str | None:
    """Return the proxy that the environment names for an address, None where it is to be reached directly."""
    address = urlsplit(url)
    if proxy_bypass(address.netloc):
        return None
    return getproxies().get(address.scheme)


def _error(status: int, said: Json) -> ApiError:
    details = said.get("details")
    return ApiError(
        status,
        str(said.get("reason") or ""),
        str(said.get("message") or "")[:2_000],
        details if isinstance(details, dict) else None,
    )


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Split a stream into lines of any length; the reader's own limit is smaller than an object may be."""
    rest = bytearray()
    async for piece in content.iter_any():
        rest.extend(piece)
        if len(rest) > _MOST_LINE:
            raise UnreachableError("the API server sends a line without an end")
        while (end := rest.find(b"\n")) >= 0:
            line = bytes(rest[:end])
            del rest[: end + 1]
            if line:
                yield line
