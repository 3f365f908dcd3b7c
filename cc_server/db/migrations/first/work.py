"""What agents do: agents, their logs, runs, jobs, figures by the hour."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cc_server.db.portable import types


def make() -> None:
    """Make them."""
    _agents()
    _agent_logs()
    _runs()
    _jobs_queue()
    _hourly()


def _agents() -> None:
    op.create_table(
        "agents",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=500), nullable=False),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("paused_by", sa.String(length=200), nullable=True),
        sa.Column("pause_reason", sa.Text(), nullable=True),
        sa.Column("paused_at", types.UtcDateTime(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("error_at", types.UtcDateTime(), nullable=True),
        sa.Column("last_heartbeat_at", types.UtcDateTime(), nullable=True),
        sa.Column("log_seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agents")),
    )


def _agent_logs() -> None:
    op.create_table(
        "agent_logs",
        sa.Column("agent_id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.Column("level", sa.String(length=64), nullable=False),
        sa.Column("run_id", sa.String(length=64), nullable=True),
        sa.Column("client_id", sa.String(length=64), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "seq", name=op.f("pk_agent_logs")),
    )
    op.create_index("ix_agent_logs_run_id", "agent_logs", ["run_id"], unique=False)


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=True),
        sa.Column("automation_name", sa.String(length=200), nullable=True),
        sa.Column("agent_name", sa.String(length=64), nullable=True),
        sa.Column("lead_email", sa.String(length=320), nullable=True),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("cost_estimate_usd", types.Usd(), nullable=True),
        sa.Column("llm_model", sa.String(length=200), nullable=True),
        sa.Column("llm_tokens_in", sa.BigInteger(), nullable=True),
        sa.Column("llm_tokens_out", sa.BigInteger(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("decision_path", sa.Text(), nullable=True),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("started_at", types.UtcDateTime(), nullable=True),
        sa.Column("completed_at", types.UtcDateTime(), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("killed_by", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index("ix_runs_agent_name_created_at_id", "runs", ["agent_name", "created_at", "id"], unique=False)
    op.create_index(
        "ix_runs_agent_name_status_created_at_id", "runs", ["agent_name", "status", "created_at", "id"], unique=False
    )
    op.create_index("ix_runs_client_id_created_at_id", "runs", ["client_id", "created_at", "id"], unique=False)
    op.create_index("ix_runs_created_at_id", "runs", ["created_at", "id"], unique=False)


def _jobs_queue() -> None:
    op.create_table(
        "jobs_queue",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=True),
        sa.Column("run_id", sa.String(length=64), nullable=True),
        sa.Column("job_type", sa.String(length=64), nullable=False),
        sa.Column("agent_name", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("next_run_at", types.UtcDateTime(), nullable=False),
        sa.Column("locked_by", sa.String(length=200), nullable=True),
        sa.Column("locked_until", types.UtcDateTime(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("correlation_id", sa.String(length=200), nullable=True),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs_queue")),
    )
    op.create_index(
        "ix_jobs_queue_leased",
        "jobs_queue",
        ["locked_until"],
        unique=False,
        sqlite_where=sa.text("status = 'processing'"),
        postgresql_where=sa.text("status = 'processing'"),
    )
    op.create_index(
        "ix_jobs_queue_queued",
        "jobs_queue",
        [sa.text("priority DESC"), "next_run_at", "id"],
        unique=False,
        sqlite_where=sa.text("status = 'queued'"),
        postgresql_where=sa.text("status = 'queued'"),
    )


def _hourly() -> None:
    op.create_table(
        "hourly",
        sa.Column("hour", types.UtcDateTime(), nullable=False),
        sa.Column("agent_id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("runs", sa.BigInteger(), nullable=False),
        sa.Column("success", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("cost_usd", types.Usd(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "agent_id", "client_id", name=op.f("pk_hourly")),
    )
    op.create_index("ix_hourly_agent_id_hour", "hourly", ["agent_id", "hour"], unique=False)
