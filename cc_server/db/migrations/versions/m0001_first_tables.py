"""The first tables."""

from __future__ import annotations

from cc_server.db.migrations.first import business, house, outbox, work

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    for room in (work, business, outbox, house):
        room.make()
