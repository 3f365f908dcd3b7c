"""A list is read page by page, and every row appears once."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from cc_server.db.tables import approvals
from cc_server.domain.work import runs
from rig.house import AGENT, BODY
from tests.server.api.asking import problem_of
from tests.server.serving import Api


async def all_pages(
    api: Api, path: str, between: Callable[[], object] = lambda: None, key: str = "ana", **query: Any
) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    for _ in range(100):
        answer = await api.get(path, key, params=query | cursor)
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        if answer.json()["next_cursor"] is None:
            return items
        cursor = {"cursor": answer.json()["next_cursor"]}
        between()
    raise AssertionError("the pages do not end")


KINDS_DRAFTED = ("email", "proposal", "follow_up", "call_script")


@pytest.mark.parametrize("sort", ["created", "risk", "kind", "agent", "expires", "decided"])
@pytest.mark.parametrize("sign", ["", "-"])
async def test_under_inserts_every_row_appears_exactly_once(api: Api, sort: str, sign: str) -> None:
    house = api.house
    for number in range(10):
        house.draft(kind=KINDS_DRAFTED[number % 4], agent_name=f"agent-{number % 3}")
        house.clock.advance(number % 2)
    before = {row["id"] for row in house.all(approvals)}

    def insert() -> None:
        house.draft(kind="email", agent_name="agent-1")
        house.draft(kind="call_script", agent_name="")

    listed = [item["id"] for item in await all_pages(api, "/api/approvals", insert, sort=sign + sort, limit=3)]
    assert len(listed) == len(set(listed))
    assert before <= set(listed)


@pytest.mark.parametrize("sort", ["created", "risk", "expires"])
async def test_under_decisions_every_row_whose_value_stays_appears_exactly_once(api: Api, sort: str) -> None:
    house = api.house
    drafts = [house.draft(kind=KINDS_DRAFTED[number % 4]) for number in range(10)]
    left = list(drafts)
    everything = "pending,approved,rejected,expired,cancelled"
    listed = await all_pages(
        api, "/api/approvals", lambda: house.approve(left.pop(0)), sort=sort, limit=2, status=everything
    )
    assert sorted(item["id"] for item in listed) == sorted(draft.id for draft in drafts)


@pytest.mark.parametrize("sign", ["", "-"])
async def test_a_list_is_in_the_order_that_was_asked_for(api: Api, sign: str) -> None:
    for number in range(9):
        api.house.draft(kind=KINDS_DRAFTED[number % 4])
    scores = [item["risk"]["score"] for item in await all_pages(api, "/api/approvals", sort=f"{sign}risk", limit=2)]
    assert scores == sorted(scores, reverse=sign == "-")
    assert len(set(scores)) == 4


async def test_runs_and_clients_are_paged_too(api: Api) -> None:
    house = api.house
    made = {
        house.do(runs.queue, house.client_id, agent_name=AGENT, automation_name=None, lead_email=None) for _ in range(7)
    }
    assert {run["id"] for run in await all_pages(api, f"/api/agents/{AGENT}/runs", limit=2)} == made
    for name in ("Alder", "Alder", "Zürich"):
        house.add_client(name)
    names = [client["name"] for client in await all_pages(api, "/api/clients", limit=1)]
    assert names == ["Alder", "Alder", "Brightwater Solar", "Harbor Dental", "Zürich"]


async def test_a_name_may_begin_with_any_character(api: Api) -> None:
    for name in ("@home", "2026-01-01T00:00:00+00:00", "@2026-01-01T00:00:00+00:00"):
        api.house.add_client(name)
    assert len(await all_pages(api, "/api/clients", limit=1)) == 5


async def test_the_total_and_the_summary_are_of_the_whole_list(api: Api) -> None:
    house = api.house
    drafts = [house.draft() for _ in range(5)]
    house.approve(drafts[0])
    house.reject(drafts[1])
    found = (await api.get("/api/approvals?limit=1")).json()
    assert (len(found["items"]), found["total"]) == (1, 3)
    summary = found["summary"]
    assert (summary["pending"], summary["leaving"], summary["rejected"], summary["sent"]) == (3, 1, 1, 0)
    assert summary["oldest_created_at"] == "2026-11-23T12:00:00Z"
    counted = {
        "status=approved": 1, "status=approved,rejected": 2, "status=approved&delivery=held": 1, "kind=email": 3,
        "kind=proposal": 0, f"agent={AGENT}": 3, f"to={drafts[2].to_email}": 1, "min_risk=11": 0, "safe=false": 3,
        "safe=true": 0, "status=approved&delivery=sent,failed": 0,
    }  # fmt: skip
    for query, total in counted.items():
        told = (await api.get(f"/api/approvals?{query}")).json()
        assert (told["total"], len(told["items"])) == (total, total), query


async def test_a_search_finds_words_and_counts_nothing(api: Api) -> None:
    wanted = api.house.draft(subject="100% of the HELIOTROPE")
    api.house.draft()
    for words in ("heliotrope", "100%", "OF THE"):
        found = (await api.get("/api/approvals", params={"q": words})).json()
        assert ([item["id"] for item in found["items"]], found["total"]) == ([wanted.id], None)
    assert (await api.get("/api/approvals", params={"q": "%eliot_"})).json()["items"] == []


OTHER_LISTS: list[tuple[str, dict[str, str]]] = [
    ("/api/approvals?limit=2&sort=-created", {}),
    ("/api/approvals?limit=2&sort=risk", {}),
    ("/api/approvals?limit=2&status=pending,approved", {}),
    ("/api/approvals?limit=2&kind=email", {}),
    ("/api/approvals?limit=2&q=Subject", {}),
    ("/api/approvals?limit=2&min_risk=1", {}),
    ("/api/clients?limit=2", {}),
    (f"/api/agents/{AGENT}/runs?limit=2", {}),
    ("/api/approvals?limit=2", {"X-Client-Id": "client"}),
]


async def test_a_cursor_of_another_list_is_refused(api: Api) -> None:
    for _ in range(3):
        api.house.draft()
    cursor = (await api.get("/api/approvals?limit=2")).json()["next_cursor"]
    for path, headers in OTHER_LISTS:
        named = dict.fromkeys(headers, api.house.client_id)
        problem_of(await api.get(f"{path}&cursor={cursor}", headers=named), 400, "invalid_cursor")
    assert (await api.get(f"/api/approvals?limit=1&cursor={cursor}")).status_code == 200


async def test_a_cursor_that_is_none_is_refused(api: Api) -> None:
    for cursor in ["x", "====", "bnVsbA", "WzEsMiwzXQ", "é", "W10", "Ww", "1" * 500]:
        problem_of(await api.get("/api/approvals", params={"cursor": cursor}), 400, "invalid_cursor")


@pytest.mark.parametrize(
    ("sort", "value"), [("created", 5), ("created", "@2026-01-01T00:00:00"), ("risk", 10**30)], ids=str
)
async def test_a_cursor_that_was_tampered_with_is_refused(api: Api, sort: str, value: object) -> None:
    for _ in range(2):
        api.house.draft()
    cursor = (await api.get(f"/api/approvals?limit=1&sort={sort}")).json()["next_cursor"]
    told = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    told[1] = value
    forged = base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")
    answer = await api.get("/api/approvals", params={"limit": 1, "sort": sort, "cursor": forged})
    problem_of(answer, 400, "invalid_cursor")


MISTAKES = [
    ("/api/approvals?limit=0", "limit"),
    ("/api/approvals?limit=501", "limit"),
    ("/api/approvals?limit=many", "limit"),
    ("/api/approvals?sort=nope", "sort"),
    ("/api/approvals?sort=--risk", "sort"),
    ("/api/approvals?sort=", "sort"),
    ("/api/approvals?status=nope", "status"),
    ("/api/approvals?status=pending,nope", "status"),
    ("/api/approvals?status=", "status"),
    ("/api/approvals?delivery=nope", "delivery"),
    ("/api/approvals?returned=nope", "returned"),
    ("/api/approvals?kind=nope", "kind"),
    ("/api/approvals?safe=maybe", "safe"),
    ("/api/approvals?min_risk=101", "min_risk"),
    ("/api/approvals?view=column", "view"),
    (f"/api/agents/{AGENT}/runs?status=nope", "status"),
    (f"/api/agents/{AGENT}/runs?limit=0", "limit"),
    (f"/api/agents/{AGENT}/logs?after=-1", "after"),
    ("/api/clients?limit=0", "limit"),
    ("/api/events?wait=26", "wait"),
    ("/api/events?topics=nope", "after or topics"),
    ("/api/events?after=nope", "after or topics"),
]


async def test_a_mistake_in_the_query_is_named(api: Api) -> None:
    for path, place in MISTAKES:
        document = problem_of(await api.get(path), 422, "validation_failed")
        assert ["query", place] in [error["loc"] for error in document["errors"]], path


async def test_a_row_leaves_out_what_only_a_detail_needs(api: Api) -> None:
    draft = api.house.draft(body=BODY + " {{gap}} heliotrope", kind="proposal", payload={"amount_usd": "1.00"})
    answer = await api.get("/api/approvals?view=row")
    page = answer.json()
    (row,) = page["items"]
    assert (page["next_cursor"], page["total"]) == (None, 1), "what a page says of itself is always named"
    assert "heliotrope" not in answer.text.replace(row["preview"], "")
    assert not {"body", "payload", "original"} & set(row)
    (flag,) = row["risk"]["flags"]
    assert flag.get("message") is None
    assert (flag["code"], row["id"], row["payload_sha256"]) == ("placeholder", draft.id, draft.payload_sha256)
    (whole,) = (await api.get("/api/approvals")).json()["items"]
    assert (whole["body"], whole["payload"]) == (draft.body, {"amount_usd": "1.00"})
    assert row["risk"]["score"] == whole["risk"]["score"]
