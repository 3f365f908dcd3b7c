"""The footer names what can be done now, a key that does nothing is told so, and the palette says why not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from cc_tui.state.link import Link, LinkPhase
from cc_tui.state.load import Load
from cc_tui.state.signal import ALL
from cc_tui.ui.app import CommandCenter
from cc_tui.ui.dialogs.pages import PageSheet
from cc_tui.ui.dialogs.palette import PaletteSheet
from cc_tui.ui.dialogs.question import QuestionSheet
from cc_tui.ui.tabs.approvals.batch.sheet import BatchSheet
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.canvas import Canvas
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.pane import Pane
from tests.support.rows import row, wire_delivery
from tests.tui.desk import app_of
from tests.tui.piloting import command_center, look, press, queue, said, settled, verbs


def footer(app: CommandCenter, width: int = 120) -> str:
    return app.frame.footer.draw(width, 1)[0].text(width)


async def click(pilot: Pilot[Any], words: str) -> None:
    """Click on a key of the footer, after a look that is long enough to decide."""
    app = command_center(pilot)
    await look(pilot)
    assert words in footer(app)
    await pilot.click("#key-footer", offset=(footer(app).index(words), 0))
    await settled(pilot)


async def test_a_click_on_a_key_does_what_the_key_does_but_never_decides(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await click(pilot, "a approve")
        await click(pilot, "r reject")
        assert (verbs(app), queue(app).pane.choice_name) == ([], None)
        await press(pilot, "space")
        await press(pilot, "a")
        await click(pilot, "y decide these")
        assert isinstance(app.overlays.sheet, BatchSheet)
        await click(pilot, "n leave")
        assert app.overlays.sheet is None
        await click(pilot, "? help")
        assert isinstance(app.overlays.sheet, PageSheet)


async def test_undo_is_offered_only_while_something_can_be_taken_back(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        assert "u undo" not in footer(app)
        await press(pilot, "u")
        assert said(app) == "undo: nothing is left to take back"
        await press(pilot, "a")
        await settled(pilot)
        assert "u undo" in footer(app)
        await press(pilot, "u")
        await settled(pilot)
        assert "u undo" not in footer(app)


async def test_undo_is_no_longer_offered_once_the_newest_decision_has_left(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    assert app.session.backstage is not None
    deciding = app.session.backstage.deciding
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        await press(pilot, "a")
        decision = deciding.newest
        assert decision is not None
        wanted = {"id": decision.approval_ids[0], "status": "approved", "version": 9}
        held = row(1, **wanted, delivery=wire_delivery(1))
        app.session.known.approvals.undecide(held.id)
        app.session.known.approvals.put([held])
        assert app.session.can_undo()
        app.session.known.approvals.put([row(1, **wanted, delivery=wire_delivery(1, state="sent", version=9))])
        await settled(pilot)
        assert "u undo" not in footer(app)


async def test_all_safe_is_offered_only_while_something_that_waits_is_safe(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    known = app.session.known.approvals
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert "A all safe" in footer(app)
        known.set_counts(replace(known.counts, safe=0))
        await settled(pilot)
        assert "A all safe" not in footer(app)
        await press(pilot, "A")
        assert said(app) == "approve all safe: nothing that waits is safe"


async def test_a_key_that_means_nothing_is_told_so_but_never_in_place_of_what_was_said(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "o")
        assert said(app) == "o does nothing here · ? shows what does"
        app.session.say("something else")
        await press(pilot, "d")
        assert said(app) == "something else"


async def test_a_key_that_comes_before_the_rows_says_that_they_are_not_here_yet(tmp_path: Path) -> None:
    app = app_of(tmp_path, filled=False)
    async with app.run_test(size=(45, 30)) as pilot:
        await settled(pilot)
        await press(pilot, "enter")
        assert said(app) == "open: the rows are not here yet"
        app.session.known.messages.clear()
        await press(pilot, "a")
        assert said(app) == "approve: the rows are not here yet"
        app.session.known.approvals.changed.emit(ALL)


async def test_why_a_key_did_nothing_goes_as_soon_as_another_does_something(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    known = app.session.known.approvals
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        known.set_counts(replace(known.counts, safe=0))
        await press(pilot, "A")
        assert said(app) == "approve all safe: nothing that waits is safe"
        await press(pilot, "o")
        assert said(app) == "approve all safe: nothing that waits is safe"
        await press(pilot, "j")
        assert said(app) == ""


async def test_a_key_that_comes_while_the_rows_are_put_into_the_list_says_that_it_is_opening(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        queue(app).table.cursor_key = None
        await press(pilot, "enter")
        assert said(app) == "open: the list is just opening, press it again"


async def test_a_screen_that_is_too_small_offers_to_quit_and_does_nothing_else(tmp_path: Path) -> None:
    app = app_of(tmp_path, tab="agents")
    async with app.run_test(size=(20, 5)) as pilot:
        await settled(pilot)
        assert footer(app, 20).split() == ["^c", "quit"]
        for key in ("p", "1", "?", "u", ":", "q"):
            await press(pilot, key)
            assert "too small: 40×10" in said(app)
        assert app.shelf.active == "agents"
        assert (app.overlays.sheet, app.overlays.prompt) == (None, None)
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        assert "p pause" in footer(app, 80)


async def test_the_count_of_what_is_safe_follows_what_is_decided_here(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    known = app.session.known.approvals
    safe = [row for row in known.rows.values() if row.safe and row.status == "pending"]
    before = known.counts.safe
    likeness = replace(safe[0].alike, status="rejected", version=safe[0].version + 1)
    decided = replace(safe[0], alike=likeness)
    known.put([decided])
    assert known.counts.safe == before - 1


async def test_the_palette_says_of_each_action_why_it_can_not_be_done_now(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "colon")
        for letter in "undo":
            await pilot.press(letter)
        await settled(pilot)
        sheet = app.overlays.sheet
        assert isinstance(sheet, PaletteSheet)
        assert "▲ nothing is left to take back" in sheet.query_one(Pane).lines[0].text(120)


async def test_a_question_is_told_whole_on_a_phone(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(45, 30)) as pilot:
        await settled(pilot)
        words = "Forget this decision? The draft stays as the server has it."
        about = "a.very.long.name@a-very-long-house.example  A subject that is long"
        lines = [Line().add("approve  ", Token.DIM).add(about)]
        app.open_sheet(QuestionSheet(app.look, words, lines, "forget it", lambda: None))
        await settled(pilot)
        face = app.overlays.sheet.query_one(Canvas) if app.overlays.sheet is not None else None
        assert face is not None
        drawn = [line.text(45) for line in face.draw(45, face.size.height)]
        told = " ".join(" ".join(drawn).split())
        assert words in told
        assert "approve a.very.long.name@a-very-long-house.example A subject that is long" in told
        assert "Cancel" in drawn[-1]


async def test_an_action_of_another_tab_picked_in_the_palette_is_told_where_it_is(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "colon")
        for letter in "pause":
            await pilot.press(letter)
        await press(pilot, "enter")
        assert said(app) == "pause: not here: 3 goes to the agents"


async def test_what_failed_is_offered_to_be_tried_again_in_the_words_of_the_list(tmp_path: Path) -> None:
    app = app_of(tmp_path, filled=False, tab="agents")
    app.session.known.link.set(Link(LinkPhase.LIVE))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "^r" not in footer(app)
        app.session.known.agents.set_load(Load().failed("the server answered 503"))
        app.frame_changed()
        await settled(pilot)
        assert "^r try again" in footer(app)


async def test_marks_are_not_offered_to_a_key_that_only_looks(tmp_path: Path) -> None:
    app = app_of(tmp_path, read_only=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "space" not in footer(app)
