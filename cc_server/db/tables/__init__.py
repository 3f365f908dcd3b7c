"""All tables. One metadata; nothing in it that only one database has."""

from cc_server.db.tables.base import metadata
from cc_server.db.tables.business import calls, clients, contracts, leads, stage_changes
from cc_server.db.tables.house import (
    api_keys,
    audit,
    counters,
    event_log,
    idempotency,
    installation,
    kill_switch,
    outages,
    settings,
)
from cc_server.db.tables.outbox import (
    IS_DECIDED,
    IS_PENDING,
    approvals,
    batch_items,
    batches,
    deliveries,
    email_history,
    suppression,
)
from cc_server.db.tables.work import agent_logs, agents, hourly, jobs_queue, runs

__all__ = [
    "IS_DECIDED",
    "IS_PENDING",
    "agent_logs",
    "agents",
    "api_keys",
    "approvals",
    "audit",
    "batch_items",
    "batches",
    "calls",
    "clients",
    "contracts",
    "counters",
    "deliveries",
    "email_history",
    "event_log",
    "hourly",
    "idempotency",
    "installation",
    "jobs_queue",
    "kill_switch",
    "leads",
    "metadata",
    "outages",
    "runs",
    "settings",
    "stage_changes",
    "suppression",
]
