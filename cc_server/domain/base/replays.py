"""One answer per intent: what was answered under an idempotency key is answered again (contract, section 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from cc_server.db.portable.prepared import Prepared
from cc_server.db.portable.upsert import insert_new
from cc_server.db.tables import idempotency
from cc_server.db.transaction import closing, locks
from cc_server.domain.base.unit import Unit


@dataclass(frozen=True, slots=True)
class Intent:
    """What one request wants, so that it can be recognised."""

    key_id: str
    client_id: str
    method: str
    path: str
    idempotency_key: str
    fingerprint: str

    @property
    def scope(self) -> tuple[str, ...]:
        """Within which the idempotency key stands for one request."""
        return self.key_id, self.client_id, self.method, self.path, self.idempotency_key


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_replay: bool = False


class Overtaken(Exception):
    """Another process answered the same intent first: that answer stands.

    That happens to refusals only: what is taken back gives up its turn before its refusal is kept.
    """


@dataclass(frozen=True, slots=True)
class Known:
    """An answer that was given, and to which request."""

    fingerprint: str
    answer: Answer


_KEEP = insert_new(idempotency, [column.name for column in idempotency.primary_key])
_FIND = Prepared(
    select(idempotency).where(
        idempotency.c.key_id == bindparam("wanted_key_id"),
        idempotency.c.client_id == bindparam("wanted_client"),
        idempotency.c.method == bindparam("wanted_method"),
        idempotency.c.path == bindparam("wanted_path"),
        idempotency.c.idempotency_key == bindparam("wanted_key"),
    )
)


def take_turn(conn: Connection, intent: Intent, wait_seconds: float) -> bool:
    """Have no other process run the same intent until this unit of work ends; False when one still does."""
    return locks.attempt(conn, f"intent:{intent.scope!r}", seconds=wait_seconds)


def find(conn: Connection, intent: Intent) -> Known | None:
    """What was answered before; None for a new intent."""
    names = ("wanted_key_id", "wanted_client", "wanted_method", "wanted_path", "wanted_key")
    row = _FIND.first(conn, dict(zip(names, intent.scope, strict=True)))
    if row is None:
        return None
    return Known(row.fingerprint, Answer(row.status, row.headers, row.answer, is_replay=True))


def keep(conn: Connection, unit: Unit, intent: Intent, answer: Answer) -> None:
    """Remember an answer, in the transaction of the change it tells of; written when that ends.

    `Overtaken` ends the transaction where the intent has an answer by then.
    """
    row = {
        "key_id": intent.key_id, "client_id": intent.client_id, "method": intent.method, "path": intent.path,
        "idempotency_key": intent.idempotency_key, "fingerprint": intent.fingerprint, "status": answer.status,
        "headers": dict(answer.headers), "answer": answer.body, "created_at": unit.now,
    }  # fmt: skip
    closing.share(conn, _ANSWERS).append(row)


def _write(conn: Connection, rows: list[dict[str, Any]]) -> None:
    """Write the answers of a transaction: on SQLite those of all its units, on PostgreSQL that of its one."""
    if _KEEP.run_many(conn, rows) < len(rows):
        raise Overtaken


_ANSWERS: closing.Last[list[dict[str, Any]]] = closing.Last(order=5, make=list, join=list.extend, write=_write)
"""The first: whoever finds an answer there already has written nothing that others wait for."""
