"""The real application in front of a house: over ASGI alone, or over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.types import ASGIApp, Message

from cc_server.app import Application
from cc_server.cli.serving.server import GracefulServer, bind, url_of
from cc_server.config import ServerSettings
from cc_server.worker.providers import FileProvider
from rig.house import House

UNLIMITED = 1_000_000


@dataclass
class Api:
    """The application over HTTP, with a key for each role; keys are named by what they are for."""

    house: House
    http: httpx.AsyncClient
    application: Application

    async def call(self, method: str, path: str, key: str | None = "ana", **request: Any) -> httpx.Response:
        headers = {**({"X-API-Key": self.house.tokens[key]} if key else {}), **request.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **request)

    async def get(self, path: str, key: str | None = "ana", **request: Any) -> httpx.Response:
        return await self.call("GET", path, key, **request)

    async def post(self, path: str, key: str | None = "ana", **request: Any) -> httpx.Response:
        return await self.call("POST", path, key, **request)

    async def patch(self, path: str, key: str | None = "ana", **request: Any) -> httpx.Response:
        return await self.call("PATCH", path, key, **request)


def settings_of(house: House, **settings: Any) -> ServerSettings:
    return ServerSettings(
        db=house.db.address,
        outbox_dir=house.folder / "outbox",
        audit_key_file=house.db.seals.file,
        **{"rate_limit": UNLIMITED} | settings,
    )


def application_of(house: House, settings: ServerSettings) -> Application:
    made = Application(house.db, settings, FileProvider(settings.outbox))
    made.prepare()
    return made


@asynccontextmanager
async def api_of(house: House, **settings: Any) -> AsyncIterator[Api]:
    """The application of a house, started and stopped as a server would."""
    application = application_of(house, settings_of(house, **settings))
    transport = httpx.ASGITransport(application.asgi, raise_app_exceptions=False)
    async with started(application.asgi), httpx.AsyncClient(transport=transport, base_url="http://house") as http:
        yield Api(house, http, application)


@asynccontextmanager
async def started(app: ASGIApp) -> AsyncIterator[None]:
    """Run the lifespan of an application (ASGI's lifespan protocol)."""
    to_app: asyncio.Queue[Message] = asyncio.Queue()
    from_app: asyncio.Queue[Message] = asyncio.Queue()
    running = asyncio.ensure_future(app({"type": "lifespan", "asgi": {"version": "3.0"}}, to_app.get, from_app.put))
    await to_app.put({"type": "lifespan.startup"})
    assert (await from_app.get())["type"] == "lifespan.startup.complete"
    try:
        yield
    finally:
        await to_app.put({"type": "lifespan.shutdown"})
        assert (await from_app.get())["type"] == "lifespan.shutdown.complete"
        await running


@dataclass
class Served:
    """The application over a real socket."""

    house: House
    url: str
    server: GracefulServer
    serving: asyncio.Task[None]
    unhandled: list[dict[str, Any]]
    """What the loop was told of exceptions that nobody asked for."""

    @property
    def socket_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/ws/events"

    def stop(self) -> None:
        """Ask it to stop, as a signal does."""
        self.server.should_exit = True

    async def stopped(self) -> None:
        """Stop it, and wait until it has."""
        self.stop()
        await self.serving


@asynccontextmanager
async def served(house: House, **settings: Any) -> AsyncIterator[Served]:
    """The application of a house on a free port of this machine, in the loop of the test."""
    given = settings_of(house, **settings)
    application = application_of(house, given)
    with bind("127.0.0.1", 0) as listener:
        unhandled: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unhandled.append(context))
        server = GracefulServer(application.asgi, given, application.say_goodbye)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield Served(house, url_of(listener), server, serving, unhandled)
        finally:
            server.should_exit = True
            await serving
