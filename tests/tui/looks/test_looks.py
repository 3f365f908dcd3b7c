"""How each tab looks, at three sizes, in every palette; the pictures beside this file are compared cell by cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.desk import app_of
from tests.tui.piloting import SIZES, name, settled

TABS = ["approvals", "dashboard", "agents"]
Compare = Callable[..., bool]


@pytest.mark.parametrize("size", SIZES, ids=name)
@pytest.mark.parametrize("tab", TABS)
def test_tab(snap_compare: Compare, tmp_path: Path, tab: str, size: tuple[int, int]) -> None:
    assert snap_compare(app_of(tmp_path, tab=tab), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("theme", ["light", "16", "mono"])
def test_palette(snap_compare: Compare, tmp_path: Path, theme: str) -> None:
    assert snap_compare(app_of(tmp_path, tab="approvals", theme=theme), terminal_size=(120, 40), run_before=settled)


@pytest.mark.parametrize("tab", TABS)
def test_ascii(snap_compare: Compare, tmp_path: Path, tab: str) -> None:
    assert snap_compare(
        app_of(tmp_path, tab=tab, ascii=True, theme="mono"), terminal_size=(120, 40), run_before=settled
    )


@pytest.mark.parametrize(
    ("tab", "keys", "size"),
    [
        ("approvals", ["j", "j", "j", "j"], (120, 40)),
        ("approvals", ["enter"], (45, 30)),
        ("approvals", ["w"], (120, 40)),
        ("approvals", ["slash", *"risk<40"], (120, 40)),
        ("approvals", ["space", "space"], (120, 40)),
        ("approvals", ["question_mark"], (120, 40)),
        ("approvals", ["colon", *"pau"], (80, 24)),
        ("approvals", ["exclamation_mark"], (80, 24)),
        ("approvals", ["e"], (120, 40)),
        ("approvals", ["l", "l"], (120, 40)),
        ("dashboard", ["enter"], (120, 40)),
        ("agents", ["j", "j", "enter"], (120, 40)),
        ("agents", ["j", "j", "enter", "l", "l"], (80, 24)),
        ("agents", ["l"], (80, 24)),
        ("agents", ["right"], (45, 30)),
    ],
    ids=["flagged", "item-45", "why", "filter", "marks", "help", "palette-80", "log-80", "edit", "problems", "run",
         "agent", "agent-performance-80", "logs-80", "chart-45"],
)  # fmt: skip
def test_screen(snap_compare: Compare, tmp_path: Path, tab: str, keys: list[str], size: tuple[int, int]) -> None:
    async def press(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        for key in keys:
            await pilot.press(key)
            await settled(pilot)

    assert snap_compare(app_of(tmp_path, tab=tab), terminal_size=size, run_before=press)


@pytest.mark.parametrize(
    ("keys", "size"),
    [(["A"], (120, 40)), (["A"], (80, 24)), (["A"], (45, 30)), (["asterisk", "a"], (120, 40))],
    ids=["all-safe", "all-safe-80", "all-safe-45", "marks"],
)
def test_batch(snap_compare: Compare, tmp_path: Path, keys: list[str], size: tuple[int, int]) -> None:
    app = app_of(tmp_path, tab="approvals")
    app.guard.settings = replace(app.guard.settings, hold_ms=60_000)  # so that nothing counts as opened

    async def press(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.1)
            await settled(pilot)

    assert snap_compare(app, terminal_size=size, run_before=press)
