"""How fast decisions are, beside the least that one can be: a bare handler's compare-and-set by the same writer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.findings import Finding, Samples
from bench.server import stock
from bench.server.load import Asked, ask, request
from bench.server.process import serving
from bench.server.stock import Stock
from bench.setting import Setting
from rig.postgres import postgres

CALLERS = (1, 8, 32)
LEAST = 0.5
WARM_UP = 50


def decisions(setting: Setting) -> list[Finding]:
    """Approvals a second with 1, 8 and 32 callers on SQLite, in turns with the bare handler."""
    many = setting.requests
    stocked = stock.drafts(setting.folder() / "decisions", _needed(setting, many))
    rates = _rates(setting, stocked, many)
    return [_finding("decisions", callers, rates, LEAST) for callers in CALLERS]


def decisions_on_postgres(setting: Setting) -> list[Finding]:
    """The same on PostgreSQL, where the order of events and the chain of the trail let one commit at a time."""
    many = setting.requests // 4
    with postgres() as server:
        folder = setting.folder() / "decisions-postgres"
        stocked = stock.drafts_on_postgres(folder, _needed(setting, many), server)
        rates = _rates(setting, stocked, many)
    return [_finding("decisions on PostgreSQL", callers, rates, None) for callers in CALLERS]


def _needed(setting: Setting, many: int) -> int:
    """How many drafts all turns together decide."""
    return 2 * (WARM_UP + many * len(CALLERS) * setting.runs)


def _rates(setting: Setting, stocked: Stock, many: int) -> dict[tuple[str, int], list[float]]:
    """Decisions a second, ours and the bare handler's, by the number of callers."""
    waiting = iter(stocked.approval_ids)
    rates: dict[tuple[str, int], list[float]] = {}
    turns = [(callers, many) for _ in range(setting.runs) for callers in CALLERS]
    with serving(stocked) as server:
        setting.watch(server.pid)
        for place, (callers, many_now) in enumerate([(1, WARM_UP), *turns]):
            for of, made in (("bare", _bare), ("ours", _approve)):
                asked = ask(server.port, [made(stocked.token, next(waiting)) for _ in range(many_now)], callers)
                _require_all(asked)
                if place:
                    rates.setdefault((of, callers), []).append(asked.rate)
    return rates


def _finding(what: str, callers: int, rates: Mapping[tuple[str, int], Sequence[float]], floor: float | None) -> Finding:
    name = f"{what} with {callers} caller{'s' if callers > 1 else ''}"
    ours, bare = Samples("ours", tuple(rates["ours", callers])), Samples("bare handler", tuple(rates["bare", callers]))
    return Finding(name, "/s", ours, bare, floor=floor)


def _approve(token: str, approval_id: str) -> bytes:
    headers = {"X-API-Key": token, "If-Match": '"1"', "Idempotency-Key": f"bench {approval_id}".replace(" ", "-")}
    return request("POST", f"/api/approvals/{approval_id}/approve", headers, {})


def _bare(_token: str, approval_id: str) -> bytes:
    return request("POST", f"/bare/{approval_id}", {}, {})


def _require_all(asked: Asked) -> None:
    if set(asked.statuses) != {200}:
        raise RuntimeError(f"not every decision was taken: {dict(asked.statuses)}")
