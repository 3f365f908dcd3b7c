"""What happens in a business, as events tell it: made up from what a server really has, so that every one is valid."""

from __future__ import annotations

import itertools
import uuid
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

Told = dict[str, Any]
"""An event without its place in the stream: topic, type, id, version, client_id, data."""
_ROUND = ("edit", "edit", "heartbeat", "edit", "draft", "run", "edit", "heartbeat", "decision", "run")


def edits(drafts: list[Told]) -> Iterator[Told]:
    """Edits of `drafts` (as the wire has them), in turns; each changes its subject and its risk."""
    for number in itertools.count():
        place = number % len(drafts)
        draft = drafts[place] = _edited(drafts[place], number)
        yield _of_approval("approval.updated", draft)


def a_business_day(drafts: list[Told], agents: list[Told], runs: list[Told]) -> Iterator[Told]:
    """All that goes on at once: drafts come, are edited and rejected by others; agents are alive; runs end.

    As many wait at the end as at the beginning.
    """
    waiting = deque(drafts)
    for number, kind in enumerate(itertools.cycle(_ROUND)):
        match kind:
            case "edit":
                waiting.rotate(-1)
                waiting[0] = _edited(waiting[0], number)
                yield _of_approval("approval.updated", waiting[0])
            case "draft":
                made = waiting[0] | {"id": str(uuid.uuid4()), "version": 1, "created_at": _now()}
                waiting.append(made)
                yield _of_approval("approval.created", made)
            case "decision":
                gone = waiting.pop()
                decided = {"status": "rejected", "decided_by": "Ana", "decided_at": _now(), "reason_code": "tone"}
                yield _of_approval("approval.decided", gone | decided | {"version": gone["version"] + 1})
            case "heartbeat":
                agent = agents[number % len(agents)]
                yield _told("agents", "agent.heartbeat", agent["id"], None, {})
            case "run":
                run = runs[number % len(runs)] | {"id": str(uuid.uuid4()), "completed_at": _now()}
                yield _told("runs", "run.finished", run["id"], run["client_id"], run)


def _edited(draft: Told, number: int) -> Told:
    changes = {"version": draft["version"] + 1, "subject": f"Edit {number} of many"}
    return draft | changes | {"risk": draft["risk"] | {"score": number % 100}}


def _of_approval(kind: str, draft: Told) -> Told:
    return _told("approvals", kind, draft["id"], draft["client_id"], draft)


def _told(topic: str, kind: str, subject_id: str, client_id: str | None, told: Told) -> Told:
    return {
        "topic": topic, "type": kind, "id": subject_id, "version": told.get("version"), "client_id": client_id,
        "data": told,
    }  # fmt: skip


def _now() -> str:
    return datetime.now(UTC).isoformat()
