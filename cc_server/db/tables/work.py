"""What agents do: agents, their logs, runs, jobs, and hourly figures so that nothing has to be counted."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table, Text, text

from cc_server.db.portable.types import Usd, UtcDateTime
from cc_server.db.tables.base import Id, Word, metadata, moment, reference

agents = Table(
    "agents",
    metadata,
    Column("id", Word, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("role", String(500), nullable=False),
    Column("status", Word, nullable=False),
    Column("config", JSON, nullable=False),
    Column("paused_by", String(200)),
    Column("pause_reason", Text),
    moment("paused_at", nullable=True),
    Column("error_message", Text),
    moment("error_at", nullable=True),
    moment("last_heartbeat_at", nullable=True),
    Column("log_seq", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    moment("created_at"),
)

agent_logs = Table(
    "agent_logs",
    metadata,
    Column("agent_id", Word, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    moment("at"),
    Column("level", Word, nullable=False),
    reference("run_id"),
    reference("client_id"),
    Column("message", Text, nullable=False),
    Index("ix_agent_logs_run_id", "run_id"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Id, primary_key=True),
    reference("client_id"),
    Column("automation_name", String(200)),
    Column("agent_name", Word),
    Column("lead_email", String(320)),
    Column("status", Word, nullable=False),
    Column("cost_estimate_usd", Usd),
    Column("llm_model", String(200)),
    Column("llm_tokens_in", BigInteger),
    Column("llm_tokens_out", BigInteger),
    Column("error_message", Text),
    Column("decision_path", Text),
    Column("steps", JSON, nullable=False),
    moment("created_at"),
    moment("started_at", nullable=True),
    moment("completed_at", nullable=True),
    Column("duration_ms", BigInteger),
    Column("killed_by", String(200)),
    Column("version", Integer, nullable=False),
    Index("ix_runs_created_at_id", "created_at", "id"),
    Index("ix_runs_client_id_created_at_id", "client_id", "created_at", "id"),
    Index("ix_runs_agent_name_created_at_id", "agent_name", "created_at", "id"),
    Index("ix_runs_agent_name_status_created_at_id", "agent_name", "status", "created_at", "id"),
)

hourly = Table(
    "hourly",
    metadata,
    Column("hour", UtcDateTime, primary_key=True),
    Column("agent_id", Word, primary_key=True),  # '' where no agent did it
    Column("client_id", Id, primary_key=True),  # '' for what belongs to no client
    Column("runs", BigInteger, nullable=False),
    Column("success", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("cost_usd", Usd, nullable=False),
    Index("ix_hourly_agent_id_hour", "agent_id", "hour"),
)

jobs_queue = Table(
    "jobs_queue",
    metadata,
    Column("id", Id, primary_key=True),
    reference("client_id"),
    reference("run_id"),
    Column("job_type", Word, nullable=False),
    Column("agent_name", Word),
    Column("status", Word, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("max_attempts", Integer, nullable=False),
    moment("next_run_at"),
    Column("locked_by", String(200)),
    moment("locked_until", nullable=True),
    Column("error_message", Text),
    Column("correlation_id", String(200)),
    Column("payload", JSON, nullable=False),
    moment("created_at"),
    moment("updated_at"),
    Index(
        "ix_jobs_queue_queued",
        text("priority DESC"),
        "next_run_at",
        "id",
        sqlite_where=text("status = 'queued'"),
        postgresql_where=text("status = 'queued'"),
    ),
    Index(
        "ix_jobs_queue_leased",
        "locked_until",
        sqlite_where=text("status = 'processing'"),
        postgresql_where=text("status = 'processing'"),
    ),
)
