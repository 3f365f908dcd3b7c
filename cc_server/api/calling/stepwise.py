"""A write of many steps: each is a transaction of its own, so that what a crash cut is resumed by the same request.

The answer is kept under the idempotency key only once all steps have their result.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import Request, Response
from pydantic import BaseModel

from cc_server.api.calling import calls
from cc_server.domain.access import keys
from cc_server.domain.base.actors import Actor
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.base.replays import Answer, Intent
from cc_server.domain.base.unit import Unit
from cc_server.domain.controls.begin import Turn

if TYPE_CHECKING:
    from sqlalchemy import Connection

STEPS_AT_ONCE = 16
"""Steps that are handed to the database together: on SQLite they share a commit."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What is done: `begin` once, `do` for each place or else `refuse`, `result` at the end. All take the work's id.

    `places` come in rows: what stands in one is done one after another, since what is first decides what follows.
    """

    begin: Callable[[Connection, Unit, str | None], str]
    places: Callable[[Connection, str], Sequence[Sequence[int]]]
    do: Callable[[Connection, Unit, str, int], None]
    refuse: Callable[[Connection, str, int, str], None]
    result: Callable[[Connection, Actor, str], BaseModel]


async def run(request: Request, steps: Steps) -> Response:
    """Do all steps that have no result yet, and answer with the results of all."""
    call = await calls.call_to_write(request)
    db = call.services.db
    async with call.one_at_a_time():
        if known := await db.read(call.replay):
            return call.respond(known)

        def begin(conn: Connection) -> str:
            return steps.begin(conn, call.begin(conn, Turn.JUDGES), mark_of(call.intent))

        work = await call.write(begin)
        rows = await db.read(steps.places, work)
        done = 0
        for first in range(0, len(rows), STEPS_AT_ONCE):
            together = rows[first : first + STEPS_AT_ONCE]
            done += sum(await asyncio.gather(*(_in_order(call, steps, work, row) for row in together)))

        def finish(conn: Connection) -> Answer:
            if told := call.replay(conn):
                return told
            unit = call.begin(conn, Turn.READS)
            answer = Answer(200, {}, steps.result(conn, call.actor, work).model_dump_json().encode())
            call.keep(conn, unit, answer)
            return answer

        return call.respond(await (call.tell(finish) if done else call.write(finish)))


async def _in_order(call: calls.WriteCall, steps: Steps, work: str, row: Sequence[int]) -> int:
    """Returns how many of them were done."""
    return sum([await _step(call, steps, work, place) for place in row])


async def _step(call: calls.WriteCall, steps: Steps, work: str, place: int) -> bool:
    """One step in its transaction; why it was refused is written in the same one. Returns whether it was done.

    The steps of a key that is revoked meanwhile are refused too.
    """

    def do(conn: Connection) -> None:
        keys.hold_valid(conn, call.actor.key_id)
        steps.do(conn, call.begin(conn, Turn.JUDGES), work, place)

    def refuse(conn: Connection, error: Exception) -> None:
        if isinstance(error, DomainRefusal):
            steps.refuse(conn, work, place, error.code)

    try:
        await call.services.db.write_recording(refuse, do)
    except DomainRefusal:
        return False
    return True


def mark_of(intent: Intent | None) -> str | None:
    """An intent as one short word: by it the work that it began is found again."""
    return hashlib.sha256("\x1f".join(intent.scope).encode()).hexdigest() if intent is not None else None
