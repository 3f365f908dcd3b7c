"""The log of events: a row in the transaction of the change it tells of, numbered in commit order.

Events are numbered at the very end of their transaction, under the lock of the row that holds the head of the log: who
is numbered first commits first, on PostgreSQL too, where a sequence would let 11 be seen before 10.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, insert, select, update

from cc_server.db.portable.prepared import Prepared
from cc_server.db.portable.types import as_json
from cc_server.db.tables import api_keys, event_log, installation
from cc_server.db.transaction import closing
from cc_server.db.transaction.notices import Notice

_ADVANCE = Prepared(
    update(installation).values(head_seq=installation.c.head_seq + bindparam("events"))
    .returning(installation.c.head_seq)
)  # fmt: skip
_INSERT = Prepared(insert(event_log))
_AFTER = (
    select(event_log.c.seq, event_log.c.topic, event_log.c.client_id, event_log.c.body)
    .where(event_log.c.seq > bindparam("after"))
    .order_by(event_log.c.seq)
    .limit(bindparam("most"))
)
_REVOKED = Prepared(
    select(api_keys.c.id).where(
        api_keys.c.id.in_(bindparam("held", expanding=True)), api_keys.c.revoked_at.is_not(None)
    )
)
_HEAD = Prepared(select(installation.c.epoch, installation.c.head_seq, installation.c.retain_from_seq))


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as it is handed on: what filters need, and its JSON without `prev_seq`."""

    seq: int
    topic: str
    client_id: str | None
    is_for_all: bool
    body: str


@dataclass(frozen=True, slots=True)
class Volatile(Notice):
    """An event that is never replayed: it says how something is by now, or adds lines to a log."""

    topic: str
    type: str
    object_id: str
    client_id: str | None
    at: str
    data: dict[str, Any]

    @property
    def is_for_all(self) -> bool:
        """Whether it reaches every key; what a log says is its client's."""
        return self.type != AGENT_LOG

    @property
    def body(self) -> str:
        """The frame."""
        frame = {
            "frame": "event", "at": self.at, "topic": self.topic, "type": self.type, "id": self.object_id,
            "client_id": self.client_id, "data": self.data,
        }  # fmt: skip
        return as_json(frame)

    def shortened(self) -> Volatile:
        """Without the lines of a log: the reader fetches them."""
        return replace(self, data={"lines": [], "truncated": True}) if self.type == AGENT_LOG else self


@dataclass(frozen=True, slots=True)
class KeyRevoked(Notice):
    """A key that is valid no more; announced, never stored: its streams end at once."""

    key_id: str


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log ends."""

    epoch: str
    seq: int
    retain_from: int


AGENT_LOG = "agent.log"
FOR_ALL = frozenset({"agents", "system", "jobs"})
"""Topics that reach every key, where they are of no client: they carry no figures."""


def append(
    conn: Connection,
    *,
    at: datetime,
    topic: str,
    type: str,  # noqa: A002  (the contract's word)
    object_id: str,
    version: int | None,
    client_id: str | None,
    data: str,
    request_id: str | None = None,
    idempotency_key: str | None = None,
) -> None:
    """Write an event whose `data` is JSON, the whole new object; it gets its number when the transaction ends."""
    frame = {
        "at": _moment(at), "topic": topic, "type": type,
        "id": object_id, "version": version, "client_id": client_id,
        "cause": {"request_id": request_id, "idempotency_key": idempotency_key},
    }  # fmt: skip
    row = {
        "at": at, "topic": topic, "type": type, "object_id": object_id, "version": version, "client_id": client_id,
        "request_id": request_id, "idempotency_key": idempotency_key, "body": f'{as_json(frame)[1:-1]},"data":{data}}}',
    }  # fmt: skip
    closing.share(conn, _APPEND).append(row)


def _write(conn: Connection, rows: list[dict[str, Any]]) -> None:
    """Number the events of a transaction, write them, and hand them on after the commit."""
    before = int(_ADVANCE.scalar(conn, {"events": len(rows)})) - len(rows)
    for seq, row in enumerate(rows, start=before + 1):
        row |= {"seq": seq, "body": f'{{"frame":"event","seq":{seq},{row["body"]}'}
        closing.announce(conn, _recorded(seq, row["topic"], row["client_id"], row["body"]))
    _INSERT.run_many(conn, rows)


_APPEND: closing.Last[list[dict[str, Any]]] = closing.Last(order=90, make=list, join=list.extend, write=_write)
"""The very last: whoever has the head of the log commits next."""


def _recorded(seq: int, topic: str, client_id: str | None, body: str) -> Recorded:
    return Recorded(seq, topic, client_id, topic in FOR_ALL and client_id is None, body)


def volatile(
    conn: Connection, *, at: datetime, topic: str, type: str, object_id: str, data: Mapping[str, Any],  # noqa: A002
    client_id: str | None = None,
) -> None:  # fmt: skip
    """Tell what is never replayed, once this transaction is committed."""
    closing.announce(conn, Volatile(topic, type, object_id, client_id, _moment(at), dict(data)))


def _moment(at: datetime) -> str:
    """RFC 3339 with `Z`."""
    return at.isoformat().replace("+00:00", "Z")


def head(conn: Connection) -> Head:
    """Where the log ends."""
    row = _HEAD.one(conn)
    return Head(row.epoch, row.head_seq, row.retain_from_seq)


def after(conn: Connection, seq: int, most: int) -> list[Recorded]:
    """Events after `seq`, oldest first."""
    rows = conn.execute(_AFTER, {"after": seq, "most": most})
    return [_recorded(row.seq, row.topic, row.client_id, row.body) for row in rows]


def page(conn: Connection, seq: int, most: int) -> tuple[Head, list[Recorded]]:
    """Where the log stands, and events after `seq`, oldest first."""
    return head(conn), after(conn, seq, most)


def newest_of(conn: Connection, topics: Iterable[str]) -> list[int]:
    """The newest seq of each topic, 0 where there is none."""
    wanted = tuple(topics)
    row = conn.execute(_newest(len(wanted)), {f"topic{place}": topic for place, topic in enumerate(wanted)}).one()
    return [seq or 0 for seq in row]


@cache
def _newest(topics: int) -> Select[Any]:
    """The end of each topic from the index, all in one row; grouped by topic, every event would be read."""
    newest = select(func.max(event_log.c.seq))
    return select(
        *(newest.where(event_log.c.topic == bindparam(f"topic{place}")).scalar_subquery() for place in range(topics))
    )


def revoked(conn: Connection, key_ids: Iterable[str]) -> set[str]:
    """Those of `key_ids` that are valid no more: how one process learns what another revoked."""
    return {row.id for row in _REVOKED.rows(conn, {"held": sorted(key_ids)})}
