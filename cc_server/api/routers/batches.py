"""`/api/approvals/batches`: many decisions at once, first as a dry run; and what a policy would have done."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from fastapi import Request, Response

from cc_api_client.models.installation.roles import Role
from cc_api_client.models.outbox.approvals import ReasonCode
from cc_api_client.models.outbox.batches import BatchAction, BatchBody, BatchPlan, BatchResult
from cc_api_client.models.outbox.policy import BacktestBody, BacktestResult
from cc_server.api.calling import calls
from cc_server.api.calling.params import sort_of
from cc_server.api.calling.stepwise import Steps, run
from cc_server.api.http.problems import RequestProblem
from cc_server.api.http.routing import asks, new_router
from cc_server.api.routers.approvals import filter_of
from cc_server.domain.outbox import listing
from cc_server.domain.outbox.listing import Selection
from cc_server.domain.review import backtest, committing, planning
from cc_server.domain.review.committing import Commit
from cc_server.domain.review.planning import Asked

LONGEST_SEARCH = 200
_TEXTS = ("status", "delivery", "returned", "kind", "agent", "to", "lead", "q")
_FILTERS = (*_TEXTS, "safe", "min_risk", "sort")

router = new_router()


@router.post(
    "/api/approvals/batches", response_model=BatchPlan | BatchResult,
    **asks(Role.OPERATOR, writes=True, versioned=False),
)  # fmt: skip
async def decide_batch(request: Request, body: BatchBody) -> Response:
    """A dry run lists what would be done; the commit does exactly that, item by item."""
    _check_reason(body)
    if body.dry_run:
        asked = _asked(body)
        return await calls.read_fresh(request, lambda conn, unit: planning.plan(conn, unit, asked))
    commit = _commit(body)
    return await run(
        request,
        Steps(
            begin=lambda conn, unit, intent: committing.begin(conn, unit, commit, intent),
            places=committing.open_places, do=committing.decide, refuse=committing.refuse, result=committing.result,
        ),
    )  # fmt: skip


@router.post(
    "/api/approvals/batches/{batch_id}/undo",
    response_model=BatchResult,
    **asks(Role.OPERATOR, writes=True, versioned=False),
)
async def undo_batch(request: Request, batch_id: str) -> Response:
    """Take back what a batch did, as far as that can be done; the result is told item by item."""
    await calls.existing(committing.require)(request, batch_id)
    return await run(
        request,
        Steps(
            begin=lambda _conn, _unit, _intent: batch_id, places=committing.undo_places, do=committing.undo,
            refuse=committing.refuse_undo, result=partial(committing.result, of_undo=True),
        ),
    )  # fmt: skip


@router.post("/api/policy/backtest", response_model=BacktestResult, **asks(Role.OPERATOR))
async def backtest_policy(request: Request, body: BacktestBody) -> Response:
    """What a policy would have done with what people decided; nothing is changed."""
    period = backtest.Period(body.from_, body.to, body.limit)
    return await calls.read_fresh(request, lambda conn, unit: backtest.run(conn, unit, body.policy, period))


def _check_reason(body: BatchBody) -> None:
    if body.action is not BatchAction.REJECT:
        if body.reason_code is not None or body.reason is not None:
            raise RequestProblem.of_field("body", "reason_code", "only what is rejected has a reason")
    elif body.reason_code is None:
        raise RequestProblem.of_field("body", "reason_code", "say why they are rejected")
    elif body.reason_code is ReasonCode.OTHER and not (body.reason or "").strip():
        raise RequestProblem.of_field("body", "reason", "the reason `other` needs words")


def _asked(body: BatchBody) -> Asked:
    """What a dry run asks for.

    Raises:
        RequestProblem: it names both ids and a filter, or neither, or what only a commit has.
    """
    if body.items is not None or body.selection_sha256 is not None or body.policy_version is not None:
        raise RequestProblem.of_field("body", "items", "a dry run names ids or filter; items, digest and policy commit")
    if (body.ids is None) == (body.filter is None):
        raise RequestProblem.of_field("body", "ids", "name either ids or filter")
    if body.filter is None:
        return Asked(body.action, body.reason_code, body.ids)
    return Asked(body.action, body.reason_code, None, _selection(body.filter, body.action))


def _selection(told: Mapping[str, str], action: BatchAction) -> Selection:
    """A list's own filters, as texts; what is to be safe is looked for among what is called so."""
    if unknown := sorted(set(told) - set(_FILTERS)):
        raise RequestProblem.of_field("body", "filter", f"{unknown[0][:40]!r} is none of {', '.join(_FILTERS)}")
    if len(told.get("q", "")) > LONGEST_SEARCH:
        raise RequestProblem.of_field("body", "filter", f"q takes {LONGEST_SEARCH} characters")
    if told.get("safe", "true") not in ("true", "false"):
        raise RequestProblem.of_field("body", "filter", "safe is true or false")
    risk = told.get("min_risk", "0")
    if not (risk.isascii() and risk.isdigit() and int(risk[:4]) <= 100):
        raise RequestProblem.of_field("body", "filter", "min_risk is a whole number from 0 to 100")
    texts = {"status": "pending"} | {name: told[name] for name in _TEXTS if name in told}
    column, descending = sort_of(told.get("sort", "created"), listing.SORTS)
    safe = True if action is BatchAction.APPROVE_SAFE else told["safe"] == "true" if "safe" in told else None
    chosen = filter_of(texts, "body", safe=safe, min_risk=int(risk) if "min_risk" in told else None)
    return Selection(filter=chosen, sort=column, descending=descending)


def _commit(body: BatchBody) -> Commit:
    """What a commit commits.

    Raises:
        RequestProblem: something of it is missing, or the digest is not of these items.
    """
    if body.ids is not None or body.filter is not None:
        raise RequestProblem.of_field("body", "ids", "a commit sends the items of its dry run, no ids and no filter")
    items, version, told = body.items, body.policy_version, body.selection_sha256
    if items is None or version is None or told is None:
        raise RequestProblem.of_field("body", "items", "a commit sends items, selection_sha256 and policy_version")
    if len({one.id for one in items}) != len(items):
        raise RequestProblem.of_field("body", "items", "an approval is named twice")
    if planning.digest(body.action, body.reason_code, version, items) != told:
        raise RequestProblem.of_field("body", "selection_sha256", "this is not the digest of these items")
    code = body.reason_code.value if body.reason_code is not None else None
    return Commit(body.action, items, version, told, code, body.reason)
