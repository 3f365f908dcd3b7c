"""What reading costs: the same however long the queue is, however many runs there were; little where nothing is new."""

from __future__ import annotations

from bench.findings import Finding, Samples
from bench.server import stock
from bench.server.load import ask, request
from bench.server.process import serving
from bench.server.stock import Stock
from bench.setting import Setting

MOST_TIMES = 1.5
QUEUE_FEW, QUEUE_MANY = 100, 100_000
RUNS_FEW, RUNS_MANY = 1_000, 1_000_000
PAGE = "/api/approvals?limit=50"
METRICS = "/admin/metrics"


def queue_page(setting: Setting) -> list[Finding]:
    """A page of 50 drafts of a short and of a long queue, and the page that the caller has already."""
    few = stock.long_queue(setting.folder() / "queue-few", QUEUE_FEW)
    many = stock.long_queue(setting.folder() / "queue-many", QUEUE_MANY)
    with serving(few) as short, serving(many) as long:
        setting.watch(short.pid, long.pid)
        beside, ours, known = [], [], []
        for _ in range(setting.runs):
            beside.append(_median_ms(setting, short.port, few, PAGE))
            ours.append(_median_ms(setting, long.port, many, PAGE))
            known.append(_median_ms(setting, long.port, many, PAGE, is_known=True))
    page = Samples(f"{QUEUE_MANY:,} drafts", tuple(ours))
    return [
        Finding(
            f"50 of {QUEUE_MANY:,} drafts", "ms", page, Samples(f"of {QUEUE_FEW}", tuple(beside)), budget=MOST_TIMES
        ),
        Finding("the same, unchanged (304)", "ms", Samples("304", tuple(known)), page, budget=1.0),
    ]


def metrics(setting: Setting) -> list[Finding]:
    """All counts, after few and after many runs."""
    few = stock.many_runs(setting.folder() / "runs-few", RUNS_FEW)
    many = stock.many_runs(setting.folder() / "runs-many", RUNS_MANY)
    with serving(few) as short, serving(many) as long:
        setting.watch(short.pid, long.pid)
        beside, ours = [], []
        for _ in range(setting.runs):
            beside.append(_median_ms(setting, short.port, few, METRICS))
            ours.append(_median_ms(setting, long.port, many, METRICS))
    return [
        Finding(
            f"metrics after {RUNS_MANY:,} runs", "ms", Samples("ours", tuple(ours)),
            Samples(f"after {RUNS_FEW:,}", tuple(beside)), budget=MOST_TIMES,
        )
    ]  # fmt: skip


def _median_ms(setting: Setting, port: int, stocked: Stock, path: str, *, is_known: bool = False) -> float:
    """The median of a number of equal requests, one after the other."""
    headers = {"X-API-Key": stocked.token} | ({"If-None-Match": "*"} if is_known else {})
    asked = ask(port, [request("GET", path, headers)] * (setting.requests // 2), callers=1)
    expected = 304 if is_known else 200
    if set(asked.statuses) != {expected}:
        raise RuntimeError(f"{path}: {expected} was expected: {dict(asked.statuses)}")
    return Samples("", tuple(asked.took_ms)).median
