"""What a delivery does besides leaving: it becomes history, moves its lead, books a call, changes a contract."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Connection, insert, select, update

from cc_api_client.models.outbox.approvals import Channel
from cc_api_client.models.work.pipeline import Stage
from cc_server.db.tables import calls, clients, contracts, email_history
from cc_server.domain import leads
from cc_server.domain.base.unit import Unit
from cc_server.domain.outbox.rows import Row

LARGEST_AMOUNT = Decimal(1_000_000_000)
PHONE_LONGEST = 50


class NoEffect(Exception):
    """What was approved can't be done; nothing of it was."""


def take_effect(conn: Connection, unit: Unit, approval: Row, delivery: Row) -> None:
    """Do what follows from a delivery that was accepted.

    Raises:
        NoEffect: nothing was done: the client changed since, or the payload can't be understood.
    """
    match delivery["channel"]:
        case Channel.TASK:
            _book_call(conn, unit, approval)
        case Channel.CONTRACT:
            _change_contract(conn, unit, approval, delivery["client_version"])
        case _:
            _remember_mail(conn, unit, approval)


def _remember_mail(conn: Connection, unit: Unit, approval: Row) -> None:
    conn.execute(
        insert(email_history),
        {
            "id": unit.ids.new(), "client_id": approval["client_id"], "to_email": approval["to_email"],
            "recipient": approval["recipient"],
            "kind": approval["kind"], "subject": approval["subject"], "approval_id": approval["id"],
            "sent_at": unit.now,
        },
    )  # fmt: skip
    if approval["lead_id"]:
        leads.advance(conn, unit, approval["lead_id"], Stage.PROSPECT, Stage.CONTACTED)


def _book_call(conn: Connection, unit: Unit, approval: Row) -> None:
    if approval["lead_id"] is None:
        return
    conn.execute(
        insert(calls),
        {
            "id": unit.ids.new(), "lead_id": approval["lead_id"], "client_id": approval["client_id"],
            "approval_id": approval["id"], "phone": _phone(approval),
            "script": approval["body"], "created_at": unit.now,
        },
    )  # fmt: skip


def _change_contract(conn: Connection, unit: Unit, approval: Row, client_version: int | None) -> None:
    client_id, (clauses, amount) = approval["client_id"], _agreed(approval["payload"] or {})
    current = contracts.c.client_id == client_id, contracts.c.replaced_on.is_(None)
    old = conn.execute(select(contracts).where(*current).order_by(contracts.c.starts_on.desc())).mappings().first()
    if old is None:
        raise NoEffect("the client has no contract to change")
    moved = conn.execute(
        update(clients)
        .where(clients.c.id == client_id, clients.c.version == client_version)
        .values(version=clients.c.version + 1)
        .returning(clients.c.version)
    ).first()
    if moved is None:
        raise NoEffect("the client's contract changed after this was approved; have it drafted again")
    today = unit.now.date()
    conn.execute(update(contracts).where(*current).values(replaced_on=today + timedelta(days=1)))
    conn.execute(
        insert(contracts),
        {
            "id": unit.ids.new(), "client_id": client_id, "plan": old["plan"], "ends_on": old["ends_on"],
            "starts_on": today + timedelta(days=1), "replaced_on": None, "clauses": {**old["clauses"], **clauses},
            "monthly_usd": old["monthly_usd"] if amount is None else amount,
        },
    )  # fmt: skip


def _phone(approval: Row) -> str:
    phone = (approval["payload"] or {}).get("phone")
    if not isinstance(phone, str):
        raise NoEffect("the call has no number to call")
    return phone[:PHONE_LONGEST]


def _agreed(payload: Mapping[str, Any]) -> tuple[dict[str, str], Decimal | None]:
    """The new clauses by name, and the new monthly amount, if it changes."""
    told = payload.get("clauses", [])
    if not isinstance(told, list):
        raise NoEffect("the clauses can't be understood")
    clauses: dict[str, str] = {}
    for clause in told:
        match clause:
            case {"name": str(name), "new": str(new)}:
                clauses[name] = new
            case _:
                raise NoEffect("a clause has no name, or no new text")
    if payload.get("amount_usd") is None:
        return clauses, None
    try:
        amount = Decimal(str(payload["amount_usd"]))
    except InvalidOperation:
        raise NoEffect("the amount can't be understood") from None
    if not (amount.is_finite() and 0 <= amount <= LARGEST_AMOUNT):
        raise NoEffect("the amount can't be understood")
    return clauses, amount
