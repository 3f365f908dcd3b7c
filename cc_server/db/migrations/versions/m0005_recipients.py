"""Recipients as they are compared, and what was sent by its moment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_APPROVALS, _HISTORY = "ix_approvals_recipient", "ix_email_history_recipient"


def upgrade() -> None:
    """Add the address without its case, and the indexes that recipients and the daily cap are looked up by."""
    for table in ("approvals", "email_history"):
        op.add_column(table, sa.Column("recipient", sa.String(length=1000), nullable=False, server_default=""))
        known = sa.table(table, sa.column("recipient"), sa.column("to_email"))
        op.execute(sa.update(known).values(recipient=sa.func.lower(sa.func.trim(known.c.to_email))))
    op.drop_index(_APPROVALS, "approvals")
    op.create_index(_APPROVALS, "approvals", ["recipient", "client_id", "created_at"], unique=False)
    op.drop_index(_HISTORY, "email_history")
    op.create_index(_HISTORY, "email_history", ["recipient", "client_id", "sent_at"], unique=False)
    op.create_index(
        "ix_deliveries_sent_at",
        "deliveries",
        ["sent_at"],
        unique=False,
        sqlite_where=sa.text("state = 'sent'"),
        postgresql_where=sa.text("state = 'sent'"),
    )
