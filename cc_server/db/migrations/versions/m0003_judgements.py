"""Facts and the policy's verdict with every approval; what is pending is judged anew by the next start."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cc_server.db.portable import types

revision = "0003"
down_revision = "0002"

_PENDING = sa.text("status = 'pending'")


def upgrade() -> None:
    """Add the columns; an empty `policy_pin` is that of no policy."""
    op.add_column("approvals", sa.Column("facts", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("approvals", sa.Column("drafted_facts", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("approvals", sa.Column("verdict", sa.String(length=64), nullable=False, server_default="ask"))
    op.add_column("approvals", sa.Column("policy_pin", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("approvals", sa.Column("judge_again_at", types.UtcDateTime(), nullable=True))
    for name, column in (("policy_pin", "policy_pin"), ("judge_again_at", "judge_again_at")):
        op.create_index(
            f"ix_approvals_{name}", "approvals", [column, "id"], sqlite_where=_PENDING, postgresql_where=_PENDING
        )
    op.create_index("ix_email_history_sent_at", "email_history", ["sent_at"])
