"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cc_server.db.portable import types

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
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
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("client_ids", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("revoked_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("name", name=op.f("uq_api_keys_name")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_api_keys_token_sha256")),
    )
    op.create_table(
        "approvals",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("agent_name", sa.String(length=64), nullable=False),
        sa.Column("lead_id", sa.String(length=64), nullable=True),
        sa.Column("run_id", sa.String(length=64), nullable=True),
        sa.Column("to_email", sa.String(length=1000), nullable=False),
        sa.Column("to_name", sa.String(length=1000), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("preview", sa.String(length=120), nullable=False),
        sa.Column("payload", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("risk_score", sa.Integer(), nullable=False),
        sa.Column("risk_parts", sa.JSON(), nullable=False),
        sa.Column("risk_flags", sa.JSON(), nullable=False),
        sa.Column("high_risk", sa.Boolean(), nullable=False),
        sa.Column("deliverable", sa.Boolean(), nullable=False),
        sa.Column("safe", sa.Boolean(), nullable=False),
        sa.Column("safe_reasons", sa.JSON(), nullable=False),
        sa.Column("unsafe_reasons", sa.JSON(), nullable=False),
        sa.Column("stack_key", sa.String(length=64), nullable=True),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("expires_at", types.UtcDateTime(), nullable=False),
        sa.Column("returned", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("returned_why", sa.String(length=64), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("decided_by_key", sa.String(length=64), nullable=True),
        sa.Column("decided_at", types.UtcDateTime(), nullable=True),
        sa.Column("decision_order", types.UtcDateTime(), nullable=False),
        sa.Column("reason_code", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("edited_by", sa.String(length=200), nullable=True),
        sa.Column("edited_at", types.UtcDateTime(), nullable=True),
        sa.Column("original", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("undo_until", types.UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("payload_sha256", sa.String(length=64), nullable=False),
        sa.Column("delivery_id", sa.String(length=64), nullable=True),
        sa.Column("delivery_state", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_index(
        "ix_approvals_client_status_created", "approvals", ["client_id", "status", "created_at", "id"], unique=False
    )
    op.create_index(
        "ix_approvals_client_status_decided", "approvals", ["client_id", "status", "decision_order", "id"], unique=False
    )
    op.create_index("ix_approvals_delivery", "approvals", ["delivery_state", "decision_order", "id"], unique=False)
    op.create_index("ix_approvals_recipient", "approvals", ["client_id", "to_email", "created_at"], unique=False)
    op.create_index(
        "ix_approvals_returned",
        "approvals",
        ["returned_why"],
        unique=False,
        sqlite_where=sa.text("returned_why IS NOT NULL"),
        postgresql_where=sa.text("returned_why IS NOT NULL"),
    )
    op.create_index("ix_approvals_status_agent", "approvals", ["status", "agent_name", "id"], unique=False)
    op.create_index("ix_approvals_status_created", "approvals", ["status", "created_at", "id"], unique=False)
    op.create_index("ix_approvals_status_decided", "approvals", ["status", "decision_order", "id"], unique=False)
    op.create_index("ix_approvals_status_expires", "approvals", ["status", "expires_at", "id"], unique=False)
    op.create_index("ix_approvals_status_kind", "approvals", ["status", "kind", "id"], unique=False)
    op.create_index("ix_approvals_status_risk", "approvals", ["status", "risk_score", "id"], unique=False)
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("object_type", sa.String(length=64), nullable=False),
        sa.Column("object_id", sa.String(length=200), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=True),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_object_id_seq", "audit", ["object_id", "seq"], unique=False)
    op.create_table(
        "calls",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("lead_id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=True),
        sa.Column("approval_id", sa.String(length=64), nullable=True),
        sa.Column("phone", sa.String(length=50), nullable=True),
        sa.Column("script", sa.Text(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
    )
    op.create_index("ix_calls_lead_id", "calls", ["lead_id"], unique=False)
    op.create_table(
        "clients",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("health", sa.String(length=64), nullable=True),
        sa.Column("churn_risk", sa.Float(), nullable=True),
        sa.Column("upsell_usd", types.Usd(), nullable=True),
        sa.Column("automations", sa.JSON(), nullable=False),
        sa.Column("billing", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("upsell", sa.JSON(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
    )
    op.create_table(
        "contracts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("plan", sa.String(length=200), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("replaced_on", sa.Date(), nullable=True),
        sa.Column("monthly_usd", types.Usd(), nullable=False),
        sa.Column("clauses", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contracts")),
    )
    op.create_index("ix_contracts_client_id_starts_on", "contracts", ["client_id", "starts_on"], unique=False)
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "client_id", name=op.f("pk_counters")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("approval_id", sa.String(length=64), nullable=False),
        sa.Column("approval_version", sa.Integer(), nullable=False),
        sa.Column("payload_sha256", sa.String(length=64), nullable=False),
        sa.Column("client_version", sa.Integer(), nullable=True),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("waiting_for", sa.Text(), nullable=True),
        sa.Column("not_before", types.UtcDateTime(), nullable=False),
        sa.Column("look_at", types.UtcDateTime(), nullable=False),
        sa.Column("fresh_until", types.UtcDateTime(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("lease_until", types.UtcDateTime(), nullable=True),
        sa.Column("provider", sa.String(length=64), nullable=True),
        sa.Column("provider_message_id", sa.String(length=500), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("sent_at", types.UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("changed_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index("ix_deliveries_approval_id", "deliveries", ["approval_id"], unique=False)
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["look_at", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('held', 'ready', 'retry_wait')"),
        postgresql_where=sa.text("state IN ('held', 'ready', 'retry_wait')"),
    )
    op.create_index(
        "ix_deliveries_leased",
        "deliveries",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("state = 'dispatching'"),
        postgresql_where=sa.text("state = 'dispatching'"),
    )
    op.create_index(
        "ix_deliveries_trouble",
        "deliveries",
        ["state", "changed_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('failed', 'unknown')"),
        postgresql_where=sa.text("state IN ('failed', 'unknown')"),
    )
    op.create_index(
        "uq_deliveries_live",
        "deliveries",
        ["approval_id"],
        unique=True,
        sqlite_where=sa.text("state NOT IN ('recalled', 'blocked')"),
        postgresql_where=sa.text("state NOT IN ('recalled', 'blocked')"),
    )
    op.create_table(
        "email_history",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("to_email", sa.String(length=1000), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("approval_id", sa.String(length=64), nullable=True),
        sa.Column("sent_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_history")),
    )
    op.create_index("ix_email_history_recipient", "email_history", ["client_id", "to_email", "sent_at"], unique=False)
    op.create_table(
        "event_log",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("object_id", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("client_id", sa.String(length=64), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("idempotency_key", sa.String(length=255), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_event_log")),
    )
    op.create_index("ix_event_log_at", "event_log", ["at"], unique=False)
    op.create_index("ix_event_log_topic_seq", "event_log", ["topic", "seq"], unique=False)
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
    op.create_table(
        "idempotency",
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.Column("path", sa.String(length=500), nullable=False),
        sa.Column("idempotency_key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint(
            "key_id", "client_id", "method", "path", "idempotency_key", name=op.f("pk_idempotency")
        ),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"], unique=False)
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("server_id", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.String(length=64), nullable=False),
        sa.Column("head_seq", sa.BigInteger(), nullable=False),
        sa.Column("retain_from_seq", sa.BigInteger(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
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
    op.create_table(
        "leads",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("company", sa.String(length=200), nullable=True),
        sa.Column("phone", sa.String(length=50), nullable=True),
        sa.Column("website", sa.String(length=500), nullable=True),
        sa.Column("source", sa.String(length=100), nullable=True),
        sa.Column("stage", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("qualification_label", sa.String(length=200), nullable=True),
        sa.Column("qualification_reason", sa.Text(), nullable=True),
        sa.Column("owner_agent", sa.String(length=64), nullable=True),
        sa.Column("value_usd", types.Usd(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("intake_key", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leads")),
    )
    op.create_index("ix_leads_client_id_email", "leads", ["client_id", "email"], unique=False)
    op.create_index("ix_leads_created_at", "leads", ["created_at"], unique=False)
    op.create_index("ix_leads_intake_key", "leads", ["intake_key"], unique=False)
    op.create_table(
        "outages",
        sa.Column("started_at", types.UtcDateTime(), nullable=False),
        sa.Column("ended_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("started_at", name=op.f("pk_outages")),
    )
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
    op.create_table(
        "stage_changes",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("lead_id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=True),
        sa.Column("from_stage", sa.String(length=64), nullable=True),
        sa.Column("to_stage", sa.String(length=64), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_changes")),
    )
    op.create_index("ix_stage_changes_lead_id_at", "stage_changes", ["lead_id", "at"], unique=False)
    op.create_index("ix_stage_changes_to_stage_at", "stage_changes", ["to_stage", "at"], unique=False)
    op.create_table(
        "suppression",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression")),
    )
    op.create_index("uq_suppression_address", "suppression", ["client_id", "email"], unique=True)
    op.create_index(
        "ix_jobs_queue_queued",
        "jobs_queue",
        [sa.text("priority DESC"), "next_run_at", "id"],
        unique=False,
        sqlite_where=sa.text("status = 'queued'"),
        postgresql_where=sa.text("status = 'queued'"),
    )
