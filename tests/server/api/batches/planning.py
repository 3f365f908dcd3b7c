"""How tests ask for a batch: a dry run, and the commit that does exactly what it listed."""

from __future__ import annotations

from typing import Any

from cc_api_client.models.outbox.approvals import Approval
from tests.server.serving import Api

PATH = "/api/approvals/batches"
Plan = dict[str, Any]


async def planned(api: Api, action: str, *drafts: Approval, **more: Any) -> Plan:
    asked: Plan = {"action": action, "dry_run": True, **more}
    if drafts:
        asked["ids"] = [draft.id for draft in drafts]
    answer = await api.post(PATH, json=asked)
    assert answer.status_code == 200, answer.text
    found: Plan = answer.json()
    return found


def commit_of(action: str, plan: Plan, **more: Any) -> Plan:
    items = [{name: one[name] for name in ("id", "version", "payload_sha256")} for one in plan["items"]
             if one["would"] == "ok"]  # fmt: skip
    pins = {name: plan[name] for name in ("selection_sha256", "policy_version")}
    return {"action": action, "dry_run": False, "items": items, **pins, **more}


def statuses(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["status"] for one in answer.json()["items"]]
