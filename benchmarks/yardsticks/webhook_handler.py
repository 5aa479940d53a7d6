"""The least that receives a webhook durably: Starlette, the HMAC over the body, one insert by the bare driver.

Same server and same write concern as the product's; a repeat is not looked for beyond the unique index, nothing is read,
filtered, dispatched or counted. What comes beyond it is what the product costs.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
from datetime import UTC, datetime
from typing import Any

import uvicorn
import uvloop
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import WriteConcern
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from benchmarks.measuring.child import Parent
from ccplant_store.indexes import INDEXES
from tests.support.programs import free_port
from tests.support.waiting import eventually

_CONNECTIONS = 50


async def main() -> None:
    """Serve until the benchmark ends."""
    parent = await Parent.open()
    settings = await parent.hear() or {}
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
        settings["mongodb_url"], maxPoolSize=_CONNECTIONS
    )
    collection = client[settings["database"]].get_collection(
        "bench_deliveries", write_concern=WriteConcern(w="majority", j=True)
    )
    await collection.create_indexes([index.model() for index in INDEXES["deliveries"]])
    secret = settings["secret"].encode()
    numbers = itertools.count(1)

    async def receive(request: Request) -> Response:
        body = await request.body()
        expected = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers.get("x-hub-signature-256", "")):
            return Response(status_code=401)
        number = next(numbers)
        now = datetime.now(UTC)
        document = {
            "_id": f"dlv-{number:016}",
            "key": f"{request.path_params['webhook_id']}:{request.headers['x-github-delivery']}",
            "webhook_id": request.path_params["webhook_id"],
            "event": request.headers["x-github-event"],
            "headers": dict(request.headers),
            "order": number,
            "received_at": now,
            "state": "received",
            "next_attempt_at": now,
            "payload": body,
        }
        await collection.insert_one(document)
        return JSONResponse({"delivery_id": document["_id"]}, 202)

    app = Starlette(routes=[Route("/webhooks/{webhook_id}", receive, methods=["POST"])])
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_config=None, access_log=False, server_header=False, lifespan="off")
    )
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    parent.answer(port=port)
    await parent.hear()
    server.should_exit = True
    await serving
    client.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
