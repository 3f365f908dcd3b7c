"""What waits and what was decided lie in indexes of their own; SQLite keeps events by their number alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_OF_ANY_STATE = (
    "ix_approvals_client_status_created", "ix_approvals_client_status_decided", "ix_approvals_delivery",
    "ix_approvals_status_agent", "ix_approvals_status_created", "ix_approvals_status_decided",
    "ix_approvals_status_expires", "ix_approvals_status_kind", "ix_approvals_status_risk",
)  # fmt: skip
_PENDING, _DECIDED, _LEAVES = "status = 'pending'", "status <> 'pending'", "delivery_state IS NOT NULL"


def upgrade() -> None:
    """Make the indexes anew; copy the events of SQLite into a table without an index for their number."""
    for name in _OF_ANY_STATE:
        op.drop_index(name, "approvals")
    _index("ix_approvals_pending_created", ["created_at", "id"], _PENDING)
    _index("ix_approvals_pending_risk", ["risk_score", "id"], _PENDING)
    _index("ix_approvals_pending_expires", ["expires_at", "id"], _PENDING)
    _index("ix_approvals_pending_kind", ["kind", "id"], _PENDING)
    _index("ix_approvals_pending_agent", ["agent_name", "id"], _PENDING)
    _index("ix_approvals_pending_client", ["client_id", "created_at", "id"], _PENDING)
    _index("ix_approvals_decided", ["status", "decision_order", "id"], _DECIDED)
    _index("ix_approvals_client_decided", ["client_id", "status", "decision_order", "id"], _DECIDED)
    _index("ix_approvals_delivery", ["delivery_state", "decision_order", "id"], _LEAVES)
    op.drop_index("ix_deliveries_approval_id", "deliveries")
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("event_log", recreate="always") as events:
            events.alter_column("seq", existing_type=sa.BigInteger(), type_=sa.Integer(), autoincrement=False)


def _index(name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "approvals", columns, unique=False, sqlite_where=condition, postgresql_where=condition)
