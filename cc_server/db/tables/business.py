"""The business: clients, their contracts, leads, the stages they went through and the calls with them."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, Float, Index, Integer, String, Table, Text

from cc_server.db.portable.types import Usd
from cc_server.db.tables.base import Id, Word, metadata, moment, reference

clients = Table(
    "clients",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("status", Word, nullable=False),
    Column("health", Word),
    Column("churn_risk", Float),
    Column("upsell_usd", Usd),
    Column("automations", JSON, nullable=False),
    Column("billing", JSON(none_as_null=True)),
    Column("upsell", JSON, nullable=False),
    Column("since", Date, nullable=False),
    Column("ended_on", Date),
    Column("version", Integer, nullable=False),
    moment("created_at"),
)

contracts = Table(
    "contracts",
    metadata,
    Column("id", Id, primary_key=True),
    reference("client_id", nullable=False),
    Column("plan", String(200), nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),  # as agreed; null: it goes on
    Column("replaced_on", Date),  # the day from which another contract holds in its place
    Column("monthly_usd", Usd, nullable=False),
    Column("clauses", JSON, nullable=False),
    Index("ix_contracts_client_id_starts_on", "client_id", "starts_on"),
)

leads = Table(
    "leads",
    metadata,
    Column("id", Id, primary_key=True),
    reference("client_id"),
    Column("email", String(320), nullable=False),
    Column("name", String(200)),
    Column("company", String(200)),
    Column("phone", String(50)),
    Column("website", String(500)),
    Column("source", String(100)),
    Column("stage", Word, nullable=False),
    Column("status", Word, nullable=False),
    Column("score", Integer),
    Column("qualification_label", String(200)),
    Column("qualification_reason", Text),
    Column("owner_agent", Word),
    Column("value_usd", Usd),
    Column("notes", Text),
    Column("intake_key", String(64)),
    Column("version", Integer, nullable=False),
    moment("created_at"),
    moment("updated_at"),
    Index("ix_leads_client_id_email", "client_id", "email"),
    Index("ix_leads_intake_key", "intake_key"),
    Index("ix_leads_created_at", "created_at"),
)

stage_changes = Table(
    "stage_changes",
    metadata,
    Column("id", Id, primary_key=True),
    reference("lead_id", nullable=False),
    reference("client_id"),
    Column("from_stage", Word),
    Column("to_stage", Word, nullable=False),
    Column("changed_by", String(200), nullable=False),
    moment("at"),
    Index("ix_stage_changes_lead_id_at", "lead_id", "at"),
    Index("ix_stage_changes_to_stage_at", "to_stage", "at"),
)

calls = Table(
    "calls",
    metadata,
    Column("id", Id, primary_key=True),
    reference("lead_id", nullable=False),
    reference("client_id"),
    reference("approval_id"),
    Column("phone", String(50)),
    Column("script", Text, nullable=False),
    moment("created_at"),
    Index("ix_calls_lead_id", "lead_id"),
)
