"""From a request to the domain and back: who asks, one transaction, one answer.

Reads answer with where the event stream stood (`X-Event-Seq`) and, unchanged, with 304; writes run once per
idempotency key. Routers hand in a domain function; they know neither transactions nor headers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from fastapi import Request, Response
from pydantic import BaseModel

from cc_api_client.models.base import ActionAnswer
from cc_server.api.http.gate import call_of
from cc_server.api.http.headers import (
    collection_tag,
    fingerprint,
    none_match,
    parse_client_id,
    parse_idempotency_key,
    parse_if_match,
    version_tag,
)
from cc_server.api.http.limits import IN_FLIGHT_WAIT_SECONDS, in_flight
from cc_server.api.http.problems import KINDS, RequestProblem, problem_document
from cc_server.api.http.routing import require_key
from cc_server.db.transaction import closing
from cc_server.domain.access import clients, keys
from cc_server.domain.base import actors, audit, replays
from cc_server.domain.base.actors import Actor
from cc_server.domain.base.refusals import DomainRefusal, not_found
from cc_server.domain.base.replays import Answer, Intent
from cc_server.domain.base.unit import Unit
from cc_server.domain.controls.begin import Turn, begin
from cc_server.events import log as events

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from cc_server.api.calling.services import Services

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")
JSON = "application/json"
PROBLEM = "application/problem+json"
FORBIDDEN = "forbidden"
_KEPT_CODES = frozenset({409, 412})


@dataclass(frozen=True, slots=True)
class _Read:
    """What one read found: the answer, or that the caller has it already."""

    position: str
    tag: str
    found: BaseModel | None


def services_of(request: Request) -> Services:
    """What the application handed to its routers."""
    services: Services = request.app.state.services
    return services


def _header(request: Request, name: str) -> str | None:
    return call_of(request.scope).headers.get(name)


def version_asked(request: Request) -> int | None:
    """The version that the writer saw (`If-Match`); None where any will do.

    Raises:
        RequestProblem: the header is no entity tag.
    """
    try:
        return parse_if_match(_header(request, "if-match"))
    except ValueError as error:
        raise RequestProblem("bad_request", str(error)) from None


def version_required(request: Request) -> int | None:
    """The same, where a write must say it; None for `*`.

    Raises:
        RequestProblem: the header is missing, or no entity tag.
    """
    if _header(request, "if-match") is None:
        raise RequestProblem("precondition_required", "say which version you saw: If-Match, with the ETag of the item")
    return version_asked(request)


async def require_known_client(request: Request) -> Actor:
    """Who asks; a client that is named and unknown is as good as none.

    Raises:
        RequestProblem: `X-Client-Id` means nothing.
        DomainRefusal: it names a client that the key does not see.
    """
    key, services = require_key(call_of(request.scope)), services_of(request)
    try:
        asked = parse_client_id(_header(request, "x-client-id"))
    except ValueError as error:
        raise RequestProblem.of_field("header", "X-Client-Id", str(error)) from None
    actor = actors.actor_for(key, asked, services.settings.default_client)
    if asked not in (None, "all") and asked not in services.known_clients:
        if not await services.db.read(clients.exists, asked):
            raise not_found("client")
        services.known_clients.add(asked)
    return actor


async def read(
    request: Request,
    topics: Iterable[str],
    fn: Callable[[Connection, Unit], T],
    *,
    minutely: bool = True,
    sparse: bool = False,
) -> Response:
    """Answer a GET with what `fn` finds.

    Args:
        request: what was asked.
        topics: the events that may change the answer.
        fn: reads it.
        minutely: whether the answer also changes with time.
        sparse: leave fields out that are null.
    """
    actor, services = await require_known_client(request), services_of(request)
    asked = _header(request, "if-none-match")

    def look(conn: Connection) -> _Read:
        keys.require_valid(conn, actor.key_id)
        db, request_id = services.db, call_of(request.scope).request_id
        unit = begin(conn, actor, db.clock.now(), db.ids, Turn.READS, request_id=request_id)
        at = events.head(conn)
        minute = unit.now.replace(second=0, microsecond=0) if minutely else None
        view = actor.role, sorted(actor.visible or ()), actor.visible is None, request.scope["path"], _query(request)
        tag = collection_tag(at.epoch, events.newest_of(conn, topics), minute, *view)
        return _Read(f"{at.epoch}.{at.seq}", tag, None if none_match(asked, tag) else fn(conn, unit))

    told = await services.db.read(look)
    headers = {"ETag": told.tag, "Cache-Control": "private, no-cache", "X-Event-Seq": told.position}
    if told.found is None:
        return Response(status_code=304, headers=headers)
    version = getattr(told.found, "version", None)
    if isinstance(version, int):
        headers["ETag"] = version_tag(version)
    content = _sparse_json(told.found) if sparse else told.found.model_dump_json()
    return Response(content, headers=headers, media_type=JSON)


def _sparse_json(found: BaseModel) -> str:
    """`found` without the fields that are null; its own, as a page's `next_cursor`, are always named."""
    content = found.model_dump_json(exclude_none=True)
    nulls = "".join(f',"{name}":null' for name in type(found).model_fields if getattr(found, name) is None)
    return f"{content[:-1]}{nulls}}}"


async def write(
    request: Request,
    fn: Callable[[Connection, Unit], BaseModel | None],
    *,
    turn: Turn = Turn.JUDGES,
    status: int = 200,
    item: str = "item",
    told_once: tuple[str, ...] = (),
) -> Response:
    """Run `fn` once for its idempotency key, in a transaction with its answer, and answer.

    Args:
        request: what was asked.
        fn: changes something and returns the answer; None for an answer without a body.
        turn: what it has to do with the controls.
        status: what a success is answered with.
        item: the field of the answer whose version is its ETag; the answer itself where it has none.
        told_once: fields that are kept nowhere: in an answer that is given again they are null.
    """
    call = await call_to_write(request)

    def work(conn: Connection) -> Answer:
        if known := call.replay(conn):
            return known
        unit = call.begin(conn, turn)
        found = fn(conn, unit)
        answer = kept = _answer(conn, found, status, item)
        if found is not None and told_once:
            kept = _answer(conn, found.model_copy(update=dict.fromkeys(told_once)), status, item)
        call.keep(conn, unit, kept)
        return answer

    async with call.one_at_a_time():
        return call.respond(await call.write(work))


@dataclass(frozen=True, slots=True)
class WriteCall:
    """A request that changes something: who asks, and by which intent it is known again."""

    actor: Actor
    services: Services
    request_id: str
    route: str
    intent: Intent | None

    def begin(self, conn: Connection, turn: Turn) -> Unit:
        """A unit of work for it."""
        key, db = self.intent.idempotency_key if self.intent else None, self.services.db
        return begin(
            conn, self.actor, db.clock.now(), db.ids, turn, request_id=self.request_id, idempotency_key=key
        )  # fmt: skip

    def one_at_a_time(self) -> AbstractAsyncContextManager[None]:
        """Runs while no other request of the same intent does."""
        return self.services.in_flight.one_at_a_time(self.intent.scope) if self.intent else nullcontext()

    def replay(self, conn: Connection) -> Answer | None:
        """The answer that this intent was given before.

        Raises:
            RequestProblem: the key was used for another request (`idempotency_mismatch`).
        """
        return _replay(conn, self.intent) if self.intent is not None else None

    def keep(self, conn: Connection, unit: Unit, answer: Answer) -> None:
        """Remember the answer, in the transaction of the change."""
        if self.intent is not None:
            replays.keep(conn, unit, self.intent, answer)

    async def write(self, fn: Callable[[Connection], R]) -> R:
        """Run what changes something; where another process answered this intent meanwhile, run it again to find that.

        Raises:
            DomainRefusal: what `fn` raised; it is kept, where it would be the same the next time.
        """
        return await self.tell(partial(self._as_valid, fn))

    async def tell(self, fn: Callable[[Connection], R]) -> R:
        """The same for what only says what was done before, which the key may hear though it was revoked since."""
        db = self.services.db
        try:
            return await db.write_recording(self.record_refusal, fn)
        except replays.Overtaken:
            return await db.write_recording(self.record_refusal, fn)

    def _as_valid(self, fn: Callable[[Connection], R], conn: Connection) -> R:
        keys.hold_valid(conn, self.actor.key_id)
        return fn(conn)

    def record_refusal(self, conn: Connection, error: Exception) -> None:
        """Remember a refusal that would be the same the next time; put on record what is not allowed."""
        if isinstance(error, DomainRefusal) and error.code == FORBIDDEN:
            audit.refused(conn, self.begin(conn, Turn.READS), self.route, error.detail)
        if isinstance(error, DomainRefusal) and KINDS[error.code].status in _KEPT_CODES:
            self.keep(conn, self.begin(conn, Turn.READS), refusal_answer(error, self.request_id))

    def respond(self, answer: Answer) -> Response:
        """The answer as it leaves."""
        headers = dict(answer.headers) | ({"Idempotency-Replayed": "true"} if answer.is_replay else {})
        media_type = PROBLEM if answer.status >= 400 else JSON
        return Response(answer.body, answer.status, headers, media_type if answer.body else None)


def idempotency_key_of(request: Request) -> str | None:
    """The key of the intent; None where none is named.

    Raises:
        RequestProblem: it is none.
    """
    try:
        return parse_idempotency_key(_header(request, "idempotency-key"))
    except ValueError as error:
        raise RequestProblem("invalid_idempotency_key", str(error)) from None


async def call_to_write(request: Request) -> WriteCall:
    """Read who asks, and the intent.

    Raises:
        RequestProblem, DomainRefusal: a header means nothing, or names a client that the key does not see.
    """
    actor, call = await require_known_client(request), call_of(request.scope)
    key = idempotency_key_of(request)
    print_ = fingerprint(call.body, _query(request), _header(request, "if-match"))
    intent = (
        Intent(actor.key_id, actor.client_id or "", request.method, request.scope["path"], key, print_) if key else None
    )
    return WriteCall(actor, services_of(request), call.request_id, _route(request), intent)


def _route(request: Request) -> str:
    return f"{request.method} {request.scope['path']}"


def _query(request: Request) -> str:
    """What stands behind the path; a URL of the framework's is parsed from text to tell it."""
    return str(request.scope["query_string"], "latin-1")


async def record_refused(request: Request, detail: str) -> None:
    """Put on record that a key tried what its role does not allow."""
    call, services = call_of(request.scope), services_of(request)
    key = require_key(call)
    actor = Actor(key.name, key.id, key.role)

    def work(conn: Connection) -> None:
        db = services.db
        unit = begin(conn, actor, db.clock.now(), db.ids, Turn.READS, request_id=call.request_id)
        audit.refused(conn, unit, _route(request), detail)

    await services.db.write(work)


def refusal_answer(refusal: DomainRefusal, request_id: str) -> Answer:
    """A refusal as the problem document that tells it."""
    item = refusal.item.model_dump(mode="json") if refusal.item is not None else None
    status, body = problem_document(refusal.code, refusal.detail, request_id, item=item)
    version = getattr(refusal.item, "version", None)
    return Answer(status, {"ETag": version_tag(version)} if isinstance(version, int) else {}, body)


def _replay(conn: Connection, intent: Intent) -> Answer | None:
    """The answer that this intent was given before.

    Raises:
        RequestProblem: the key was used for another request (`idempotency_mismatch`), or another process still runs
            the first (`idempotency_in_flight`).
    """
    if not replays.take_turn(conn, intent, IN_FLIGHT_WAIT_SECONDS):
        raise in_flight()
    known = replays.find(conn, intent)
    if known is None:
        return None
    if known.fingerprint != intent.fingerprint:
        raise RequestProblem(
            "idempotency_mismatch", "this Idempotency-Key was used for another request; make a new one"
        )
    return known.answer


def _answer(conn: Connection, found: BaseModel | None, status: int, item: str) -> Answer:
    if found is None:
        return Answer(status, {}, b"")
    version = getattr(getattr(found, item, found), "version", None)
    headers = {"ETag": version_tag(version)} if isinstance(version, int) else {}
    return Answer(status, headers, _json_of(conn, found).encode())


def _json_of(conn: Connection, found: BaseModel) -> str:
    """A model as JSON; the item of an action as the event has it that told of it, which was written already."""
    if not isinstance(found, ActionAnswer) or not isinstance(found.item, BaseModel):
        return found.model_dump_json()
    state = found.model_dump_json(exclude={"item"})
    return f'{state[:-1]},"item":{closing.once(conn, found.item, type(found.item).model_dump_json)}}}'


def existing(fn: Callable[..., Any]) -> Callable[[Request, str], Any]:
    """A check for a path's object: `fn(conn, actor, id)` raises where the caller sees none."""

    async def check(request: Request, object_id: str) -> None:
        actor = await require_known_client(request)
        await services_of(request).db.read(partial(_ignore_result, fn, actor, object_id))

    return check


def _ignore_result(fn: Callable[..., Any], actor: Actor, object_id: str, conn: Connection) -> None:
    fn(conn, actor, object_id)


async def read_fresh(request: Request, fn: Callable[[Connection, Unit], BaseModel]) -> Response:
    """Answer what changes nothing and no event tells of (a search, a dry run): no tag, never 304."""
    actor, services = await require_known_client(request), services_of(request)
    idempotency_key_of(request)

    def look(conn: Connection) -> tuple[str, BaseModel]:
        keys.require_valid(conn, actor.key_id)
        at = events.head(conn)
        unit = begin(conn, actor, services.db.clock.now(), services.db.ids, Turn.READS)
        return f"{at.epoch}.{at.seq}", fn(conn, unit)

    position, found = await services.db.read(look)
    headers = {"Cache-Control": "private, no-cache", "X-Event-Seq": position}
    return Response(found.model_dump_json(), headers=headers, media_type=JSON)
