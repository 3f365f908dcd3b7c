"""What is covered or hidden is not on the screen: it must be drawn, and looked at, again before it can be decided."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cc_tui.state.approvals.rows import row_of
from cc_tui.ui.app import CommandCenter
from cc_tui.ui.widgets.canvas import Canvas
from tests.tui.desk import app_of
from tests.tui.piloting import look, press, queue, said, settled, verbs


@pytest.mark.parametrize(("away", "back"), [("?", "escape"), ("!", "escape"), ("1", "5")])
async def test_a_key_right_behind_what_covered_the_draft_decides_nothing(tmp_path: Path, away: str, back: str) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        app.guard.settings = replace(app.guard.settings, hold_ms=600_000)  # a hold that begins now is never over
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


async def test_how_many_each_view_has_is_drawn_anew_when_a_phones_draft_is_closed(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(45, 30)) as pilot:
        await settled(pilot)
        assert "pending 12 " in queue(app).views.render_line(0).text
        await press(pilot, "enter")
        await look(pilot)
        await press(pilot, "a")
        await press(pilot, "q")
        await settled(pilot)
        assert "pending 11 " in queue(app).views.render_line(0).text


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


async def test_a_tab_that_was_just_left_is_drawn_no_more_and_is_whole_when_one_is_back_at_once(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "1")
        await press(pilot, "5")
        await look(pilot)
        left, selected = queue(app), app.tab.selected()
        assert selected is not None
        assert app.painter._place_of(left.pane) is not None
        app.go_to_tab("dashboard")
        assert app.painter._place_of(left.pane) is None
        store = app.session.known.approvals
        whole = store.whole(selected.item_id)
        assert whole is not None
        changed = whole.model_copy(update={"to_email": "another@one.example", "version": whole.version + 1})
        store.put([row_of(changed)])
        store.put_whole(changed, row_of(changed))
        app.go_to_tab("approvals")
        await settled(pilot)
        assert all("another@one.example" in drawn(canvas) for canvas in (left.pane, left.table))


@pytest.mark.parametrize("key", ["?", "/"])
async def test_a_click_on_a_tab_waits_for_what_is_open(tmp_path: Path, key: str) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        await press(pilot, key)
        await pilot.click("#tab-bar", offset=(5, 0))
        await settled(pilot)
        assert app.shelf.active == "approvals"
        await press(pilot, "escape")
        await look(pilot)
        await pilot.click("#tab-bar", offset=(5, 0))
        await settled(pilot)
        assert app.shelf.active == "dashboard"
        await press(pilot, "5")
        await press(pilot, "j")
        await look(pilot)
        await press(pilot, "a")
        assert len(verbs(app)) == 1


def painted(app: CommandCenter) -> set[int]:
    """The lines of the draft's pane that count as painted."""
    return {line for line in range(40) if queue(app).pane.is_painted(line)}


def drawn(canvas: Canvas) -> str:
    """What was drawn of it last."""
    return "\n".join(strip.text for strip in canvas._strips)


async def test_a_look_before_the_screen_is_laid_out_for_its_new_size_is_none(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        assert app.front.shown() is not None
        laid_out = app.screen._compositor.size
        app.screen._compositor.size = laid_out - (0, 1)
        assert app.front.shown() is None
        app.screen._compositor.size = laid_out
        assert app.front.shown() is not None
