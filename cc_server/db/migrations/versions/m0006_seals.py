"""The audit trail is sealed and append-only; keys know when they were last used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cc_server.db.portable import types
from cc_server.db.tables.append_only import APPEND_ONLY

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the columns and the triggers; rows from before stay unsealed."""
    op.add_column("api_keys", sa.Column("last_used_at", types.UtcDateTime(), nullable=True))
    op.add_column("audit", sa.Column("follows", sa.String(length=64), nullable=True))
    op.add_column("audit", sa.Column("seal", sa.String(length=64), nullable=True))
    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)
