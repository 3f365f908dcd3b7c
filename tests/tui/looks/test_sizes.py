"""A terminal that was resized shows what one of that size would have shown from the start."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from cc_tui.ui.app import CommandCenter
from tests.tui.desk import app_of
from tests.tui.piloting import settled

CHAINS = [
    [(120, 40), (30, 8), (120, 40)],
    [(45, 30), (120, 40)],
    [(120, 40), (80, 24), (45, 30), (80, 24)],
    [(80, 24), (120, 40), (45, 30)],
    [(100, 30), (119, 41), (200, 60), (100, 30)],
]
STATES = {
    "approvals": ("approvals", []),
    "approvals, far down": ("approvals", ["j", "j", "j", "j"]),
    "approvals, palette": ("approvals", ["colon"]),
    "approvals, help": ("approvals", ["question_mark"]),
    "approvals, all safe": ("approvals", ["A"]),
    "approvals, editor": ("approvals", ["e"]),
    "dashboard": ("dashboard", []),
    "dashboard, run": ("dashboard", ["enter"]),
    "agents": ("agents", []),
    "agents, logs": ("agents", ["l"]),
    "agents, agent": ("agents", ["j", "enter"]),
}


def name(chain: list[tuple[int, int]]) -> str:
    return "-".join(f"{width}x{height}" for width, height in chain)


def unhurried(folder: Path, tab: str) -> CommandCenter:
    """An app to which nothing counts as opened, however long the screen stands."""
    app = app_of(folder, tab=tab)
    app.guard.settings = replace(app.guard.settings, hold_ms=60_000)
    return app


def picture(app: CommandCenter) -> list[str]:
    """The screen without the message line and the status bar, which tell what was done."""
    rows = ["".join(piece.text for piece in strip) for strip in app.screen._compositor.render_strips()]
    return [row.rstrip() for row in rows[1:-2]]


async def keys(pilot: Pilot[Any], pressed: list[str]) -> None:
    await settled(pilot)
    for key in pressed:
        await pilot.press(key)
        await pilot.pause(0.05)
        await settled(pilot)


@pytest.mark.parametrize("chain", CHAINS, ids=name)
@pytest.mark.parametrize("state", STATES)
async def test_a_screen_of_another_size_is_drawn_for_it(
    tmp_path: Path, state: str, chain: list[tuple[int, int]]
) -> None:
    await is_drawn_for_its_size(tmp_path, state, chain)


@pytest.mark.parametrize("state", ["approvals", "dashboard", "agents"])
async def test_a_terminal_that_was_too_small_is_drawn_once_it_is_not(tmp_path: Path, state: str) -> None:
    await is_drawn_for_its_size(tmp_path, state, [(20, 5), (80, 24)])


async def is_drawn_for_its_size(tmp_path: Path, state: str, chain: list[tuple[int, int]]) -> None:
    tab, pressed = STATES[state]
    fresh = unhurried(tmp_path / "fresh", tab)
    async with fresh.run_test(size=chain[-1]) as pilot:
        await keys(pilot, pressed)
        wanted = picture(fresh)
    app = unhurried(tmp_path / "resized", tab)
    async with app.run_test(size=chain[0]) as pilot:
        await keys(pilot, pressed)
        for _before, size in pairwise(chain):
            await pilot.resize_terminal(*size)
            await settled(pilot)
        assert picture(app) == wanted


async def test_a_very_wide_terminal_shows_addresses_whole_and_subjects(tmp_path: Path) -> None:
    app = unhurried(tmp_path, "approvals")
    async with app.run_test(size=(300, 80)) as pilot:
        await settled(pilot)
        listed = [row.partition("│")[0] for row in picture(app)]
    first = next(row for row in listed if "agnes.fischer@alpine-systems-98.example" in row)
    assert "Re: price for Alpine Systems" in first
    heads = next(row for row in listed if "Kind" in row)
    assert heads.index("Subject") == first.index("Re: price")
