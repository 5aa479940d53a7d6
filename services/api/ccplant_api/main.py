"""The gateway, as its table of contents: what it stands on, what every request passes, what it answers to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware

from ccplant_api import __version__
from ccplant_api.attachments import endpoints as attachments
from ccplant_api.bus import GatewayBus
from ccplant_api.changes import endpoints as changes
from ccplant_api.dispatches import endpoints as dispatches
from ccplant_api.errors.handlers import install_error_handlers
from ccplant_api.events import endpoints as events
from ccplant_api.export import endpoints as export
from ccplant_api.gateway import Gateway
from ccplant_api.health import endpoints as health
from ccplant_api.http.body import BodyLimit
from ccplant_api.http.context import RequestContext
from ccplant_api.http.rate_limits import RateLimitHeaders, RateLimits
from ccplant_api.live import streams, websocket
from ccplant_api.live.hub import Hub
from ccplant_api.live.record import StoreRecord
from ccplant_api.live.viewer import QueueLimits
from ccplant_api.openapi import install_openapi
from ccplant_api.permissions import endpoints as permissions
from ccplant_api.principals import endpoints as principals
from ccplant_api.principals import sign_in as signing_in
from ccplant_api.principals.authentication import Authenticator, read_bootstrap_token
from ccplant_api.principals.browser import Browsers
from ccplant_api.principals.github.opening import github_sign_in
from ccplant_api.principals.github.owners import StoredOwners
from ccplant_api.principals.github.settings import GitHubSignInSettings
from ccplant_api.principals.staying import Staying
from ccplant_api.principals.stored import StoredCredentials
from ccplant_api.prompts import endpoints as prompts
from ccplant_api.schedules import endpoints as schedules
from ccplant_api.schedules import runs
from ccplant_api.sessions import endpoints as sessions
from ccplant_api.sessions import insight
from ccplant_api.settings import ApiSettings
from ccplant_api.volumes import endpoints as volumes
from ccplant_api.web.serving import BUILT, WebUi
from ccplant_api.webhooks import deliveries
from ccplant_api.webhooks import endpoints as webhooks
from ccplant_api.webhooks import testing as webhook_tests
from ccplant_platform.bus.connection import connect
from ccplant_platform.clock import Clock, SystemClock
from ccplant_platform.ending import ended
from ccplant_platform.sealing import SealingSettings
from ccplant_platform.settings import BusSettings, MongoSettings, SettingsError
from ccplant_store import Store

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(
    settings: ApiSettings | None = None,
    bus: BusSettings | None = None,
    mongo: MongoSettings | None = None,
    github: GitHubSignInSettings | None = None,
) -> FastAPI:
    """Return the application; it connects when it is started."""
    settings = settings or ApiSettings()
    app = FastAPI(
        title="ccplant",
        version=__version__,
        description="Sessions in which AI coding agents work.",
        lifespan=_lifespan(settings, bus, mongo, github),
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(RequestContext),
            Middleware(RateLimitHeaders),
            Middleware(
                BodyLimit,
                max_bytes=settings.max_body_bytes,
                timeout=settings.body_timeout_seconds,
                upload_timeout=settings.upload_timeout_seconds,
            ),
        ],
    )
    install_error_handlers(app)
    for part in (
        health,
        sessions,
        prompts,
        attachments,
        export,
        permissions,
        insight,
        changes,
        volumes,
        webhook_tests,
        webhooks,
        deliveries,
        schedules,
        runs,
        dispatches,
        streams,
        websocket,
        events,
        principals,
        signing_in,
    ):
        app.include_router(part.router)
    WebUi(settings.web_dir or BUILT).install(app)
    install_openapi(app)
    return app


def _lifespan(
    settings: ApiSettings,
    bus: BusSettings | None,
    mongo: MongoSettings | None,
    github: GitHubSignInSettings | None,
) -> Lifespan:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running_gateway(
            settings, bus or BusSettings(), mongo or MongoSettings(), github or GitHubSignInSettings()
        ) as gateway:
            app.state.gateway = gateway
            yield

    return lifespan


@asynccontextmanager
async def running_gateway(
    settings: ApiSettings,
    bus_settings: BusSettings,
    mongo_settings: MongoSettings,
    github_settings: GitHubSignInSettings,
) -> AsyncIterator[Gateway]:
    """Connect the parts in the order in which they depend on each other, and part from them in reverse."""
    clock = SystemClock()
    token = read_bootstrap_token(settings.bootstrap_token_file)
    sealer = SealingSettings().sealer()
    store = await Store.connect(
        mongo_settings.url(), database=mongo_settings.mongodb_database, clock=clock, application="ccplant-api"
    )
    try:
        await store.ensure_indexes()
        if token is not None:
            await _claim_bootstrap_user(store, settings.bootstrap_user, clock)
        back: list[Callable[[], None]] = []

        async def on_reconnect() -> None:
            for call in back:
                call()

        client = await connect(bus_settings, name="api", on_reconnect=on_reconnect)
        try:
            bus = GatewayBus(client, clock, command_timeout=settings.command_timeout_seconds)
            hub = Hub(
                bus,
                StoreRecord(store, clock, settings),
                poll_seconds=settings.watch_poll_seconds,
                queue=QueueLimits(settings.viewer_queue_frames, settings.viewer_queue_bytes),
                max_viewers=settings.max_viewers,
            )
            back += [hub.bus_is_back, bus.is_back]
            hub.start()
            async with github_sign_in(github_settings, StoredOwners(store, sealer, clock), clock) as sign_in:
                authenticator = Authenticator(
                    StoredCredentials(store),
                    bootstrap_token=token,
                    bootstrap_user=settings.bootstrap_user,
                    github=sign_in,
                )
                browsers = Browsers(store.browsers, settings, bootstrap_token=token)
                staying = Staying(
                    store.tokens, store.browsers, clock, seconds=settings.credential_check_seconds
                )
                looking = asyncio.create_task(staying.run(), name="staying")
                rates = RateLimits(settings.rate_limits, clock)
                yield Gateway(
                    settings, store, bus, hub, clock, authenticator, browsers, staying, rates, sealer
                )
                await ended([looking])
                await hub.stop()
                await bus.drain(1.0)
        finally:
            await client.close()
    finally:
        store.close()


async def _claim_bootstrap_user(store: Store, user: str, clock: Clock) -> None:
    if not await store.users.claim_local(user, clock.now()):
        raise SettingsError(
            f"CCPLANT_BOOTSTRAP_USER: {user} is the name of a GitHub account here; choose another name"
        )
