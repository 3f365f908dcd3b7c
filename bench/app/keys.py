"""What a cursor key costs: the time until it is painted, and the bytes it sends over the line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from bench.findings import Finding, Samples
from bench.setting import FEW, LIST_ONLY_COLUMNS, PAGEFUL, Setting
from bench.watching import KeyCost, cost_of_keys, wait_calm
from rig.terminal import Terminal

LONG_QUEUE_BUDGET, STOCK_TABLE_BUDGET = 1.2, 0.6
LIST_BYTES, PREVIEW_BYTES, EDGE_BYTES = 200, 3000, 350
_UP_AND_DOWN = ("down",) * 10 + ("up",) * 10
_ROUNDS = 2
"""How often a start is taken up and down: with five starts, 200 keys."""
_PREVIEW_QUIET = 0.3
_EDGE_ROWS = 50


def key_to_paint(setting: Setting) -> list[Finding]:
    """The 95th percentile of all keys of all starts, at every length of the queue in turns with a stock table."""
    took: dict[str, list[float]] = {"stock": [], "few": [], "pageful": [], "many": []}
    for _ in range(setting.runs):
        took["stock"] += _paints(_minimal_at_rest(setting))
        for name, approvals in (("few", FEW), ("pageful", PAGEFUL), ("many", setting.many)):
            took[name] += _paints(setting.ours_at_rest(approvals))
    few, pageful, many = (_p95("cc-tui", took[name]) for name in ("few", "pageful", "many"))
    stock = _p95("stock table, 100 rows", took["stock"])
    at_100 = Samples("ours at 100", pageful.values)
    return [
        Finding(f"key to paint p95, {FEW} items", "ms", few, stock, STOCK_TABLE_BUDGET),
        Finding(f"key to paint p95, {PAGEFUL} items", "ms", pageful, stock, STOCK_TABLE_BUDGET),
        Finding(f"key to paint p95, {setting.many:,} items", "ms", many, at_100, LONG_QUEUE_BUDGET),
    ]


def key_bytes(setting: Setting) -> list[Finding]:
    """Bytes of a key: where the list is alone, with the preview at rest, and over the edge of the page."""
    with setting.ours_at_rest(FEW, LIST_ONLY_COLUMNS) as terminal:
        alone = cost_of_keys(terminal, _UP_AND_DOWN)
    with setting.ours_at_rest(FEW) as terminal:
        preview = cost_of_keys(terminal, _UP_AND_DOWN, quiet=_PREVIEW_QUIET)
    with setting.ours_at_rest(PAGEFUL, LIST_ONLY_COLUMNS) as terminal:
        edge = cost_of_keys(terminal, ("down",) * _EDGE_ROWS)
    with _minimal_at_rest(setting) as terminal:
        stock = cost_of_keys(terminal, ("down",) * _EDGE_ROWS)
    beside = f"stock table: {sum(cost.bytes_out for cost in stock) / len(stock):,.0f}"
    mean = sum(cost.bytes_out for cost in edge) / len(edge)
    return [
        Finding(f"bytes of a key, list only ({beside})", "B", _bytes(alone), budget=LIST_BYTES),
        Finding("bytes of a key, with preview", "B", _bytes(preview), budget=PREVIEW_BYTES),
        Finding(f"bytes of a key, mean over {_EDGE_ROWS} rows", "B", Samples("cc-tui", (mean,)), budget=EDGE_BYTES),
    ]


def _paints(opened: AbstractContextManager[Terminal]) -> list[float]:
    with opened as terminal:
        return [cost.paint_ms for cost in cost_of_keys(terminal, _UP_AND_DOWN * _ROUNDS)]


def _p95(name: str, paints: Sequence[float]) -> Samples:
    """Of all of them together: of a start's few the slowest would be one stroke of another program."""
    return Samples(name, (Samples(name, tuple(paints)).percentile(95),))


@contextmanager
def _minimal_at_rest(setting: Setting) -> Iterator[Terminal]:
    with setting.minimal() as terminal:
        terminal.wait_for("row-010", within=30.0)
        wait_calm(terminal)
        yield terminal


def _bytes(costs: Sequence[KeyCost]) -> Samples:
    return Samples("cc-tui", tuple(float(cost.bytes_out) for cost in costs))
