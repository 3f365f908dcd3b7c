"""What is to be sent: approvals, deliveries, what was sent, who is never written to."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from cc_server.db.portable import types


def make() -> None:
    """Make them."""
    _approvals()
    _deliveries()
    _email_history()
    _suppression()


def _approvals() -> None:
    op.create_table(
        "approvals",
        *_draft(),
        *_judgement(),
        *_decision(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    _approvals_by_state()


def _draft() -> list[sa.Column[Any]]:
    """What is to be sent, and to whom."""
    return [
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
    ]


def _judgement() -> list[sa.Column[Any]]:
    """What was thought of it."""
    return [
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
    ]


def _decision() -> list[sa.Column[Any]]:
    """What became of it."""
    return [
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
    ]


def _approvals_by_state() -> None:
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


def _deliveries() -> None:
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
    _deliveries_by_state()


def _deliveries_by_state() -> None:
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


def _email_history() -> None:
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


def _suppression() -> None:
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
