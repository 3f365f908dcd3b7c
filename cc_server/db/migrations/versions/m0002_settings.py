"""Settings and stops."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from cc_server.db.portable import types

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make them, and set what every installation was set to so far."""
    settings = op.create_table(
        "settings",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settings")),
    )
    first = {"id": 1, "document": '{"budgets":{"daily_usd":"50.00"}}', "version": 1, "changed_at": datetime.now(UTC)}
    op.bulk_insert(settings, [first])
    op.create_table(
        "kill_switch",
        sa.Column("scope", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column("changed_at", types.UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_kill_switch")),
    )
