"""What all tables share: one metadata with names for constraints, and the columns that recur."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, MetaData, String

from cc_server.db.portable.types import UtcDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = String(64)
Word = String(64)


def moment(name: str, *, nullable: bool = False) -> Column[Any]:
    """A column that holds a moment."""
    return Column(name, UtcDateTime, nullable=nullable)


def reference(name: str, *, nullable: bool = True) -> Column[Any]:
    """A column that holds the id of another row; the domain keeps it true."""
    return Column(name, Id, nullable=nullable)
