"""The application: routes behind the gate, one funnel for everything that goes wrong, and what runs beside it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from cc_api_client.models.installation.status import Component, ComponentStatus
from cc_server.api import routers
from cc_server.api.calling import calls
from cc_server.api.calling.services import Services
from cc_server.api.http.admission import Admission
from cc_server.api.http.document import allowed_methods, describe
from cc_server.api.http.gate import Gate, call_of
from cc_server.api.http.known_keys import KnownKeys
from cc_server.api.http.problems import (
    MEDIA_TYPE,
    RETRY_AFTER_SECONDS,
    RequestProblem,
    code_of_status,
    problem_response,
)
from cc_server.config import ServerSettings
from cc_server.db.database import Database
from cc_server.domain.access import keys
from cc_server.domain.base.actors import SYSTEM, Actor, Key
from cc_server.domain.base.refusals import DatabaseUnavailable, DomainRefusal
from cc_server.domain.controls import settings as controls
from cc_server.domain.controls import suppression
from cc_server.domain.controls.begin import Turn, begin
from cc_server.domain.outbox import rows
from cc_server.domain.outbox.sending import resolving
from cc_server.domain.review import committing
from cc_server.domain.work import agents, job_control, runs
from cc_server.events.hub import Hub
from cc_server.worker.anchor import AnchorKeeper
from cc_server.worker.providers import Provider
from cc_server.worker.rejudging import Rejudging
from cc_server.worker.sender import Sender
from cc_server.worker.upkeep import KeyUses, Upkeep

if TYPE_CHECKING:
    from cc_server.api.routers.metrics import Measures

_log = logging.getLogger("cc_server")
Beside = Callable[[], Awaitable[None]]
"""Something that runs beside the server until it is cancelled."""


class Application:
    """One server process: database, hub, sender, upkeep, and the ASGI application in front of them.

    Args:
        db: open already.
        settings: of the installation.
        provider: by which way deliveries leave.
        beside: what else runs as long as the server does, by name.
    """

    def __init__(
        self, db: Database, settings: ServerSettings, provider: Provider, beside: dict[str, Beside] | None = None
    ) -> None:
        self.hub = Hub(db)
        self._db = db
        self._hold_seconds = settings.hold_seconds
        self.uses = KeyUses()
        self._known = KnownKeys(self._look_up, time.monotonic)
        db.on_commit(self._known.hear)
        self.sender = Sender(db, provider)
        self._upkeep = Upkeep(db, self.uses)
        self._anchor = AnchorKeeper(db, settings.audit_anchor)
        self._judge = Rejudging(db)
        self._beside: dict[str, Beside] = {
            "sender": self.sender.run, "upkeep": self._upkeep.run, "judge": self._judge.run,
            "audit": self._anchor.run, **(beside or {}),
        }  # fmt: skip
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._broken: dict[str, float] = {}
        """What broke since the start, and how long it waits before it begins again, in seconds."""
        app = _fastapi(self._lifespan)
        app.state.services = Services(db, self.hub, settings, self.components)
        measures = _measures_of(settings)
        self.admission = Admission(self.authenticate, settings.rate_limit, time.monotonic)
        app.state.admission = self.admission
        app.state.exists = _existence_checks()
        if measures is not None:
            _add_metrics(app, measures, self.admission)
            if measures.is_shared:
                self._beside["figures"] = partial(measures.keep, app.state.services, self.admission)
        self.asgi = Gate(
            app, self.admission, db.ids.new, lambda: self.hub.is_closing,
            answered=measures.answered if measures is not None else None,
            also_open=frozenset({"/metrics"}) if measures is not None else frozenset(),
        )  # fmt: skip

    def prepare(self) -> None:
        """Bring the installation to what the settings say, before it serves.

        Raises:
            DatabaseUnavailable: it is an older copy, or its trail was cut off; or it went away meanwhile.
        """
        self._anchor.require_whole()
        if self._hold_seconds is not None:
            self._db.write_sync(self._set_hold, self._hold_seconds)

    async def _look_up(self, token: str) -> Key | None:
        return await self._db.read(keys.authenticate, token)

    async def authenticate(self, token: str) -> Key | None:
        """The key that a token is."""
        key = await self._known.key_of(token)
        if key is not None:
            self.uses.note(key.id, self._db.clock.now())
        return key

    def components(self) -> list[Component]:
        """How each part of this process is."""
        trouble = self._db.trouble
        found = [_component("database", ComponentStatus.DOWN if trouble else ComponentStatus.OK, trouble)]
        for name in self._tasks:
            trouble = "it broke and was started again" if name in self._broken else None
            trouble = self._anchor.trouble or trouble if name == "audit" else trouble
            found.append(_component(name, ComponentStatus.DEGRADED if trouble else ComponentStatus.OK, trouble))
        return found

    async def say_goodbye(self) -> None:
        """Tell the open streams that the server goes."""
        await self.hub.stop()

    def _set_hold(self, conn: Connection, seconds: int) -> None:
        unit = begin(conn, SYSTEM, self._db.clock.now(), self._db.ids, Turn.CHANGES)
        controls.hold(conn, unit, seconds)

    @asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        self.hub.start()
        self._tasks = {name: asyncio.create_task(_kept(name, run, self._broken)) for name, run in self._beside.items()}
        try:
            yield
        finally:
            await self.sender.stop()
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            await self.hub.stop()


def _measures_of(settings: ServerSettings) -> Measures | None:
    """What measures; nothing unless it is asked for."""
    if not settings.metrics:
        return None
    from cc_server.api.routers.metrics import Measures

    return Measures()


def _add_metrics(app: FastAPI, measures: Measures, admission: Admission) -> None:
    from cc_server.api.routers.metrics import router_of

    app.include_router(router_of(measures, admission))


def _component(name: str, status: ComponentStatus, detail: str | None) -> Component:
    return Component(name=name, status=status, detail=detail)


async def _kept(name: str, run: Beside, broken: dict[str, float]) -> None:
    """Run something; when it breaks, the log says how, and after a while it begins again."""
    wait = 1.0
    while True:
        try:
            await run()
        except DatabaseUnavailable as error:
            _log.warning("%s waits: %s", name, error)
            await asyncio.sleep(wait)
        except Exception:  # noqa: BLE001 - whatever broke, the server goes on, and says so
            broken[name] = wait
            _log.exception("%s broke; it begins again in %.0f s", name, wait)
            await asyncio.sleep(wait)
            wait = min(60.0, wait * 2)
        else:
            return


def api_document() -> dict[str, Any]:
    """The API's own description (OpenAPI), as `/openapi.json` answers it."""

    @asynccontextmanager
    async def nothing(_app: FastAPI) -> AsyncIterator[None]:
        yield

    return _fastapi(nothing).openapi()


def _fastapi(lifespan: Callable[[FastAPI], Any]) -> FastAPI:
    app = FastAPI(
        title="Command Center",
        version=version("command-center"),
        description="What agents want to send, and a person's word on it.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # we have our own; it asks with each request
    )
    for router in (*routers.IN_ORDER, routers.stream.socket_router):
        app.router.routes.extend(router.routes)  # as an included router each would be matched twice
    describe(app)
    app.add_exception_handler(DomainRefusal, _refused)
    app.add_exception_handler(RequestProblem, _problem)
    app.add_exception_handler(DatabaseUnavailable, _unavailable)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _by_status)
    app.add_exception_handler(Exception, _broken)
    return app


def _existence_checks() -> dict[str, Callable[[Request, str], Any]]:
    """By name of a path's parameter: how to tell whether the caller sees that object."""

    def agent(conn: Any, _actor: Actor, agent_id: str) -> None:
        agents.require(conn, agent_id)

    return {
        "approval_id": calls.existing(rows.find),
        "batch_id": calls.existing(committing.require),
        "agent_id": calls.existing(agent),
        "key_id": calls.existing(keys.find),
        "run_id": calls.existing(runs.find),
        "delivery_id": calls.existing(resolving.find),
        "job_id": calls.existing(job_control.find),
        "entry_id": calls.existing(suppression.find),
    }


def _request_id(request: Request) -> str:
    return call_of(request.scope).request_id


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainRefusal)  # noqa: S101  (registered for nothing else)
    answer = calls.refusal_answer(error, _request_id(request))
    return Response(answer.body, answer.status, dict(answer.headers), MEDIA_TYPE)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestProblem)  # noqa: S101  (registered for nothing else)
    if error.code == calls.FORBIDDEN and request.method != "GET":
        try:
            await calls.record_refused(request, error.detail)
        except DatabaseUnavailable as trouble:
            return await _unavailable(request, trouble)
    return problem_response(
        error.code, error.detail, _request_id(request), errors=error.errors, retry_after=error.retry_after
    )


async def _unavailable(request: Request, error: Exception) -> Response:
    return problem_response("unavailable", str(error), _request_id(request), retry_after=RETRY_AFTER_SECONDS)


async def _not_valid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  (registered for nothing else)
    errors = [(tuple(one["loc"]), str(one["msg"])) for one in error.errors()]
    detail = "; ".join(f"{' '.join(str(part) for part in place)}: {message}" for place, message in errors[:5])
    return problem_response("validation_failed", detail[:500], _request_id(request), errors=errors)


async def _by_status(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  (registered for nothing else)
    code = code_of_status(error.status_code)
    allowed = {"Allow": _allowed(request, error)} if code == "method_not_allowed" else None
    detail = f"no such address: {request.url.path[:200]}" if code == "not_found" else str(error.detail)
    return problem_response(code, detail, _request_id(request), headers=allowed)


def _allowed(request: Request, error: HTTPException) -> str:
    """Which methods a path has; the framework names those of its first route only."""
    told = (error.headers or {}).get("Allow", "GET")
    return allowed_methods(request.app, request.url.path) or told


async def _broken(request: Request, error: Exception) -> Response:
    request_id = _request_id(request)
    _log.error("%s %s broke (%s)", request.method, request.url.path, request_id, exc_info=error)
    with contextlib.suppress(KeyError):
        del request.scope["exception"]
    return problem_response("internal", f"the server's log has it under {request_id}", request_id)
