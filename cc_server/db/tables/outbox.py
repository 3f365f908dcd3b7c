"""What agents want to send: approvals, their deliveries, what was sent, and whom never to write to."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table, Text, literal_column, text

from cc_server.db.tables.base import Id, Word, metadata, moment, reference

_PENDING = "status = 'pending'"
_DECIDED = "status <> 'pending'"


def _index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of the rows that `where` is true of."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


approvals = Table(
    "approvals",
    metadata,
    Column("id", Id, primary_key=True),
    reference("client_id", nullable=False),
    Column("kind", Word, nullable=False),
    Column("agent_name", Word, nullable=False),  # '' where nobody is named
    reference("lead_id"),
    reference("run_id"),
    Column("to_email", String(1000), nullable=False),
    Column("to_name", String(1000)),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("preview", String(120), nullable=False),
    Column("payload", JSON(none_as_null=True)),
    Column("status", Word, nullable=False),
    Column("risk_score", Integer, nullable=False),
    Column("risk_parts", JSON, nullable=False),
    Column("risk_flags", JSON, nullable=False),
    Column("high_risk", Boolean, nullable=False),
    Column("deliverable", Boolean, nullable=False),
    Column("safe", Boolean, nullable=False),
    Column("safe_reasons", JSON, nullable=False),
    Column("unsafe_reasons", JSON, nullable=False),
    Column("stack_key", Word),
    Column("body_sha256", String(64), nullable=False),
    moment("created_at"),
    moment("expires_at"),
    Column("returned", JSON(none_as_null=True)),
    Column("returned_why", Word),
    Column("decided_by", String(200)),
    Column("decided_by_key", Id),
    moment("decided_at", nullable=True),
    moment("decision_order"),  # decided_at, or created_at while undecided: what sort=decided goes by
    Column("reason_code", Word),
    Column("reason", Text),
    Column("edited_by", String(200)),
    moment("edited_at", nullable=True),
    Column("original", JSON(none_as_null=True)),
    moment("undo_until", nullable=True),
    Column("version", Integer, nullable=False),
    Column("payload_sha256", String(64), nullable=False),
    reference("delivery_id"),
    Column("delivery_state", Word),  # of the newest delivery
    Column("facts", JSON, nullable=False),  # what the policy went by
    Column("drafted_facts", JSON(none_as_null=True)),  # of the agent's own draft, once a person edited it
    Column("verdict", Word, nullable=False),  # approve, ask, deny
    Column("policy_pin", Word, nullable=False),  # the policy that said so
    moment("judge_again_at", nullable=True),  # when time alone may change the verdict
    Column("recipient", String(1000), nullable=False),  # to_email as addresses are compared
    _index("ix_approvals_pending_created", "created_at", "id", where=_PENDING),
    _index("ix_approvals_pending_risk", "risk_score", "id", where=_PENDING),
    _index("ix_approvals_pending_expires", "expires_at", "id", where=_PENDING),
    _index("ix_approvals_pending_kind", "kind", "id", where=_PENDING),
    _index("ix_approvals_pending_agent", "agent_name", "id", where=_PENDING),
    _index("ix_approvals_pending_client", "client_id", "created_at", "id", where=_PENDING),
    _index("ix_approvals_policy_pin", "policy_pin", "id", where=_PENDING),
    _index("ix_approvals_judge_again_at", "judge_again_at", "id", where=_PENDING),
    _index("ix_approvals_decided", "status", "decision_order", "id", where=_DECIDED),
    _index("ix_approvals_client_decided", "client_id", "status", "decision_order", "id", where=_DECIDED),
    _index("ix_approvals_delivery", "delivery_state", "decision_order", "id", where="delivery_state IS NOT NULL"),
    _index("ix_approvals_returned", "returned_why", where="returned_why IS NOT NULL"),
    Index("ix_approvals_recipient", "recipient", "client_id", "created_at"),
)
"""What waits and what was decided lie in indexes of their own: a decision takes a row out of those and into these."""

IS_PENDING = approvals.c.status == literal_column("'pending'")
IS_DECIDED = approvals.c.status != literal_column("'pending'")
"""Any other state. Spelled out: with a bound word no partial index is found."""

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    reference("approval_id", nullable=False),
    Column("approval_version", Integer, nullable=False),
    Column("payload_sha256", String(64), nullable=False),
    Column("client_version", Integer),  # of the client, as it was approved; contract changes only
    reference("client_id", nullable=False),
    Column("channel", Word, nullable=False),
    Column("state", Word, nullable=False),
    Column("waiting_for", Text),
    moment("not_before"),
    moment("look_at"),  # when the sender looks at it next
    moment("fresh_until", nullable=True),
    Column("attempt", Integer, nullable=False),
    Column("refusals", Integer, nullable=False),
    moment("lease_until", nullable=True),
    Column("provider", Word),
    Column("provider_message_id", String(500)),
    Column("error", Text),
    moment("sent_at", nullable=True),
    Column("version", Integer, nullable=False),
    moment("created_at"),
    moment("changed_at"),
    _index("uq_deliveries_live", "approval_id", unique=True, where="state NOT IN ('recalled', 'blocked')"),
    _index("ix_deliveries_due", "look_at", "id", where="state IN ('held', 'ready', 'retry_wait')"),
    _index("ix_deliveries_leased", "lease_until", where="state = 'dispatching'"),
    _index("ix_deliveries_sent_at", "sent_at", where="state = 'sent'"),
    _index("ix_deliveries_trouble", "state", "changed_at", where="state IN ('failed', 'unknown')"),
)

email_history = Table(
    "email_history",
    metadata,
    Column("id", Id, primary_key=True),
    reference("client_id", nullable=False),
    Column("to_email", String(1000), nullable=False),
    Column("kind", Word, nullable=False),
    Column("subject", Text, nullable=False),
    reference("approval_id"),
    moment("sent_at"),
    Column("recipient", String(1000), nullable=False),  # to_email as addresses are compared
    Index("ix_email_history_recipient", "recipient", "client_id", "sent_at"),
    Index("ix_email_history_sent_at", "sent_at"),
)

suppression = Table(
    "suppression",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, nullable=False),  # '' for all clients
    Column("email", String(320), nullable=False),  # as addresses are compared
    Column("reason", Text),
    moment("created_at"),
    Index("uq_suppression_address", "client_id", "email", unique=True),
)

batches = Table(
    "batches",
    metadata,
    Column("id", Id, primary_key=True),
    Column("action", Word, nullable=False),
    Column("reason_code", Word),
    Column("reason", Text),
    Column("policy_version", Word, nullable=False),
    Column("selection_sha256", String(64), nullable=False),
    Column("made_by_key", Id, nullable=False),
    Column("intent", String(64)),  # of the request that made it, so that the same request resumes it
    Column("client_ids", JSON, nullable=False),
    moment("created_at"),
    Index("uq_batches_intent", "intent", unique=True),
)

batch_items = Table(
    "batch_items",
    metadata,
    Column("batch_id", Id, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    reference("approval_id", nullable=False),
    Column("version", Integer, nullable=False),
    Column("payload_sha256", String(64), nullable=False),
    Column("status", Word),  # done, refused, conflict; null: not yet
    Column("code", Word),
    Column("decided_version", Integer),  # of the approval, once the batch decided it
    Column("undo_status", Word),
    Column("undo_code", Word),
)
