"""The house itself: the installation, keys, idempotency, audit, events, counters, outages."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Connection, Index, Integer, LargeBinary, String, Table, Text, event

from cc_server.db.portable.types import UtcDateTime
from cc_server.db.tables.append_only import APPEND_ONLY
from cc_server.db.tables.base import Id, Word, metadata, moment, reference

installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("server_id", Id, nullable=False),
    Column("epoch", Id, nullable=False),
    Column("head_seq", BigInteger, nullable=False),
    Column("retain_from_seq", BigInteger, nullable=False),
    moment("created_at"),
    moment("last_seen_at"),
)

settings = Table(
    "settings",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("document", Text, nullable=False),  # JSON; what is not in it has its default
    Column("version", Integer, nullable=False),
    moment("changed_at"),
)

kill_switch = Table(
    "kill_switch",
    metadata,
    Column("scope", String(80), primary_key=True),  # `all`, `agent:<id>`, `client:<id>`
    Column("state", Word, nullable=False),  # `released`; anything else stops
    Column("reason", Text, nullable=False),
    Column("changed_by", String(200), nullable=False),
    moment("changed_at"),
    Column("version", Integer, nullable=False),
)

outages = Table(
    "outages",
    metadata,
    Column("started_at", UtcDateTime, primary_key=True),
    moment("ended_at"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("role", Word, nullable=False),
    Column("client_ids", JSON(none_as_null=True)),
    Column("prefix", String(16), nullable=False),
    Column("token_sha256", String(64), nullable=False, unique=True),
    moment("created_at"),
    moment("revoked_at", nullable=True),
    moment("last_used_at", nullable=True),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("key_id", Id, primary_key=True),
    Column("client_id", Id, primary_key=True),  # '' where no client was resolved
    Column("method", String(10), primary_key=True),
    Column("path", String(500), primary_key=True),
    Column("idempotency_key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", JSON, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    moment("created_at"),
    Index("ix_idempotency_created_at", "created_at"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    moment("at"),
    Column("actor", String(200), nullable=False),
    Column("action", Word, nullable=False),
    Column("object_type", Word, nullable=False),
    Column("object_id", String(200), nullable=False),
    reference("client_id"),
    Column("before", JSON(none_as_null=True)),
    Column("after", JSON(none_as_null=True)),
    Column("reason", Text),
    Column("request_id", Word),
    Column("follows", String(64)),
    Column("seal", String(64)),  # empty in rows that are older than sealing
    Index("ix_audit_object_id_seq", "object_id", "seq"),
)


@event.listens_for(audit, "after_create")
def _guard(_table: Table, conn: Connection, **_told: object) -> None:
    """Have the database refuse what the trail must never suffer."""
    for statement in APPEND_ONLY[conn.dialect.name]:
        conn.exec_driver_sql(statement)


event_log = Table(
    "event_log",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    moment("at"),
    Column("topic", Word, nullable=False),
    Column("type", Word, nullable=False),
    Column("object_id", String(200), nullable=False),
    Column("version", Integer),
    reference("client_id"),
    Column("request_id", Word),
    Column("idempotency_key", String(255)),
    Column("body", Text, nullable=False),
    Index("ix_event_log_topic_seq", "topic", "seq"),
    Index("ix_event_log_at", "at"),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("client_id", Id, primary_key=True),  # '' for what belongs to no client
    Column("amount", BigInteger, nullable=False),
)
