"""What is covered or hidden is not on the screen: it must be drawn, and looked at, again before it can be decided."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cc_tui.ui.app import CommandCenter
from tests.tui.desk import app_of
from tests.tui.piloting import look, press, queue, said, settled, verbs


@pytest.mark.parametrize(("away", "back"), [("?", "escape"), ("!", "escape"), ("1", "5")])
async def test_a_key_right_behind_what_covered_the_draft_decides_nothing(tmp_path: Path, away: str, back: str) -> None:
    app = app_of(tmp_path)
    app.guard.settings = replace(app.guard.settings, hold_ms=1_500)
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        await press(pilot, away)
        await settled(pilot)
        await press(pilot, back)
        await press(pilot, "a")
        assert verbs(app) == []
        assert said(app).startswith("a did not count")


async def test_a_draft_that_was_closed_is_not_painted_before_it_is_drawn_again(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(45, 30)) as pilot:
        await press(pilot, "enter")
        await look(pilot)
        assert painted(app) == set(range(25))
        await press(pilot, "q")
        await settled(pilot)
        assert painted(app) == set()
        await press(pilot, "enter")
        await look(pilot)
        assert painted(app)


async def test_what_a_sheet_covered_is_not_painted_before_it_is_drawn_again(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await look(pilot)
        assert painted(app)
        await press(pilot, "?")
        await settled(pilot)
        app.overlays.close_sheet()
        assert painted(app) == set()
        await look(pilot)
        assert painted(app)


def painted(app: CommandCenter) -> set[int]:
    """The lines of the draft's pane that count as painted."""
    return {line for line in range(40) if queue(app).pane.is_painted(line)}
