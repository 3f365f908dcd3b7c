"""Ready for events before the first one comes: what reads them is built once, in turns that keep no key waiting.

A model of the client's builds its reader when it is used first: some milliseconds, and a part of the memory that stays.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cc_api_client.models.installation.status import QueueCounts
from cc_api_client.models.outbox.approvals import Approval, Delivery
from cc_api_client.models.work.agents import Agent, LogLine
from cc_api_client.models.work.runs import Run

if TYPE_CHECKING:
    from pydantic import BaseModel

TURN_SECONDS = 0.2
_READ: tuple[type[BaseModel], ...] = (LogLine, QueueCounts, Delivery, Run, Agent, Approval)


async def get_ready() -> None:
    """Build what reads the objects that events bring."""
    for model in _READ:
        await asyncio.sleep(TURN_SECONDS)
        model.model_rebuild()
