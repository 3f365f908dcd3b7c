"""The benchmarks of the server measure what they say: real answers of a real server, and rows in the numbers named."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.server import decisions, stock
from bench.server.load import ask, request
from bench.server.process import serving
from bench.server.reading import PAGE
from bench.setting import Setting


def test_decisions_are_counted_beside_the_bare_handler() -> None:
    with Setting.opened(runs=1, many=0, seconds=0, requests=4) as setting:
        found = decisions.decisions(setting)
    assert [finding.name for finding in found] == [
        "decisions with 1 caller", "decisions with 8 callers", "decisions with 32 callers",
    ]  # fmt: skip
    assert all(finding.ours.median > 0 and finding.ratio for finding in found)


def test_every_draft_that_was_made_can_be_decided_however_few_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stock, "TEMPLATES", 1)
    assert len(set(stock.drafts(tmp_path / "drafts", 5).approval_ids)) == 5


def test_a_long_queue_has_as_many_drafts_as_it_says(tmp_path: Path) -> None:
    long = stock.long_queue(tmp_path / "long", 300)
    with serving(long) as server:
        answer = ask(server.port, [request("GET", PAGE, {"X-API-Key": long.token})], 1)
    assert answer.statuses == {200: 1}
    assert len(long.approval_ids) == 300
