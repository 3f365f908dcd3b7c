"""What happens in a business, as events tell it: made up from what a server really has, so that every one is valid."""

from __future__ import annotations

import itertools
import uuid
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

Told = dict[str, Any]
"""An event without its place in the stream: topic, type, id, version, client_id, data."""
_ROUND = (
    "edit", "run", "heartbeat", "log", "draft", "edit", "delivery", "heartbeat", "counts", "decision",
    "edit", "run", "heartbeat", "log", "draft", "edit", "lead", "heartbeat", "log", "decision",
)  # fmt: skip
_LIVES = timedelta(hours=72)


def edits(drafts: list[Told]) -> Iterator[Told]:
    """Edits of `drafts` (as the wire has them), in turns; each changes its subject and its risk."""
    for number in itertools.count():
        place = number % len(drafts)
        draft = drafts[place] = _edited(drafts[place], number)
        yield _of_approval("approval.updated", draft)


def a_business_day(drafts: list[Told], agents: list[Told], runs: list[Told]) -> Iterator[Told]:
    """All that goes on at once: drafts come, are edited, approved, sent and rejected by others; agents are alive, say
    what they think, end runs; leads come.

    As many wait at the end as at the beginning.
    """
    waiting, leaving = deque(drafts), deque[Told]()
    for number, kind in enumerate(itertools.cycle(_ROUND)):
        match kind:
            case "edit":
                waiting.rotate(-1)
                waiting[0] = _edited(waiting[0], number)
                yield _of_approval("approval.updated", waiting[0])
            case "draft":
                waiting.append(_drafted(waiting[0]))
                yield _of_approval("approval.created", waiting[-1])
            case "decision":
                decided = _decided(waiting.pop(), is_approved=not leaving)
                leaving += [decided] if decided["delivery"] else []
                yield _of_approval("approval.decided", decided)
            case "delivery":
                yield _sent(leaving.popleft()["delivery"]) if leaving else _counts(number)
            case "log":
                yield _thought(agents[number % len(agents)]["id"], number)
            case "counts":
                yield _counts(number)
            case "lead":
                lead_id = str(uuid.uuid4())
                told = {"id": lead_id, "email": f"lead{number}@clinic.example", "stage": "prospect", "version": 1}
                yield _told("leads", "lead.created", lead_id, waiting[0]["client_id"], told)
            case "heartbeat":
                agent = agents[number % len(agents)]
                yield _told("agents", "agent.heartbeat", agent["id"], None, {})
            case "run":
                run = runs[number % len(runs)] | {"id": str(uuid.uuid4()), "completed_at": _now()}
                yield _told("runs", "run.finished", run["id"], run["client_id"], run)


def _drafted(like: Told) -> Told:
    """Another draft, as long to be decided as every new one."""
    now = datetime.now(UTC)
    moments = {"created_at": now.isoformat(), "expires_at": (now + _LIVES).isoformat()}
    return like | moments | {"id": str(uuid.uuid4()), "version": 1}


def _decided(draft: Told, *, is_approved: bool) -> Told:
    word = {"decided_by": "Ana", "decided_at": _now(), "version": draft["version"] + 1}
    if not is_approved:
        return draft | word | {"status": "rejected", "reason_code": "tone", "delivery": None}
    delivery = {
        "id": str(uuid.uuid4()), "approval_id": draft["id"], "client_id": draft["client_id"], "channel": "email",
        "state": "held", "not_before": _now(), "version": 1,
    }  # fmt: skip
    return draft | word | {"status": "approved", "delivery": delivery}


def _sent(delivery: Told) -> Told:
    sent = delivery | {"state": "sent", "sent_at": _now(), "version": delivery["version"] + 1}
    return _told("approvals", "delivery.changed", delivery["id"], delivery["client_id"], sent)


def _thought(agent_id: str, number: int) -> Told:
    line = {"seq": 1_000_000 + number, "at": _now(), "level": "info", "message": f"{number}: reading the thread"}
    return _told("agents", "agent.log", agent_id, None, {"lines": [line]})


def _counts(number: int) -> Told:
    queue = {"queued": number % 7, "processing": 1, "done": number, "failed": 0, "dead": 0}
    return _told("jobs", "job.counts", "queue", None, queue)


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
