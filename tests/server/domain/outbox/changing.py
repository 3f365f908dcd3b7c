"""What changes an approval in these tests, and how they read a refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cc_api_client.models.outbox.approvals import Approval
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.outbox import edits, lapses
from rig.house import House

EDITED = {"body": "Hi Maya,\n\nanother text.\n\nBest,\nAnna"}
LIVE = {"held", "ready", "dispatching", "retry_wait", "sent", "failed", "unknown"}


def edit(house: House, approval: Approval, version: int | None = None, **changes: Any) -> Approval:
    return house.do(edits.edit, approval.id, changes or EDITED, version or approval.version)


def expire(house: House, approval: Approval) -> Approval:
    assert approval.expires_at is not None
    house.clock.set(approval.expires_at)
    house.do(lapses.expire_overdue, by=SYSTEM)
    return house.now(approval)


def refusal_of(act: Callable[[], object]) -> DomainRefusal:
    with pytest.raises(DomainRefusal) as caught:
        act()
    return caught.value
