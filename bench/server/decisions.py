"""How fast decisions are, beside the least that one can be: a bare handler's compare-and-set by the same writer."""

from __future__ import annotations

from collections.abc import Sequence

from bench.findings import Finding, Samples
from bench.server import stock
from bench.server.load import Asked, ask, request
from bench.server.process import serving
from bench.setting import Setting

CALLERS = (1, 8, 32)
LEAST = 0.5
WARM_UP = 50


def decisions(setting: Setting) -> list[Finding]:
    """Approvals a second with 1, 8 and 32 callers, in turns with the bare handler."""
    many = setting.requests
    plan = [(callers, run) for run in range(setting.runs) for callers in CALLERS]
    stocked = stock.drafts(setting.folder() / "decisions", 2 * (WARM_UP + many * len(plan)))
    waiting = iter(stocked.approval_ids)
    rates: dict[tuple[str, int], list[float]] = {}
    with serving(stocked.path) as server:
        setting.watch(server.pid)
        for callers, many_now in [(1, WARM_UP), *((callers, many) for callers, _ in plan)]:
            for of, made in (("bare", _bare), ("ours", _approve)):
                asked = ask(server.port, [made(stocked.token, next(waiting)) for _ in range(many_now)], callers)
                _require_all(asked)
                if many_now != WARM_UP:
                    rates.setdefault((of, callers), []).append(asked.rate)
    return [_finding(callers, rates["ours", callers], rates["bare", callers]) for callers in CALLERS]


def _finding(callers: int, ours: Sequence[float], bare: Sequence[float]) -> Finding:
    name = f"decisions with {callers} caller{'s' if callers > 1 else ''}"
    return Finding(name, "/s", Samples("ours", tuple(ours)), Samples("bare handler", tuple(bare)), floor=LEAST)


def _approve(token: str, approval_id: str) -> bytes:
    headers = {"X-API-Key": token, "If-Match": '"1"', "Idempotency-Key": f"bench {approval_id}".replace(" ", "-")}
    return request("POST", f"/api/approvals/{approval_id}/approve", headers, {})


def _bare(_token: str, approval_id: str) -> bytes:
    return request("POST", f"/bare/{approval_id}", {})


def _require_all(asked: Asked) -> None:
    if set(asked.statuses) != {200}:
        raise RuntimeError(f"not every decision was taken: {dict(asked.statuses)}")
