"""What the app does with keys, by Textual's pilot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from cc_tui.config.model import Config
from cc_tui.decisions.journal import Verb
from cc_tui.session import Session
from cc_tui.state.approvals.rows import View, Weight
from cc_tui.state.link import Link, LinkPhase
from cc_tui.state.messages import Level
from cc_tui.ui.app import CommandCenter
from tests.support.rows import row
from tests.tui.desk import StandingClock, app_of
from tests.tui.piloting import command_center, look, press, queue, said, settled, verbs


async def test_a_draft_that_was_seen_is_decided_by_one_key_and_the_next_is_shown(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        first = app.front.selected()
        await press(pilot, "a")
        assert verbs(app) == [Verb.APPROVE]
        after = app.front.selected()
        assert first is not None
        assert after is not None
        assert after.item_id != first.item_id


async def test_a_key_before_the_draft_was_there_long_enough_decides_nothing(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "a")
        assert verbs(app) == []
        assert "did not count" in said(app)


async def test_undo_drops_what_was_not_delivered(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        await press(pilot, "a")
        await press(pilot, "u")
        assert verbs(app) == []
        assert "taken back" in said(app)


async def test_a_read_only_key_says_so_and_has_no_verbs_in_its_footer(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    identity = app.session.known.identity.identity
    assert identity is not None
    app.session.known.identity.set(replace(identity, role="viewer"), ())
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        await press(pilot, "a")
        assert verbs(app) == []
        assert "read-only key" in said(app)
        assert "approve" not in app.frame.footer.draw(120, 1)[0].text(120)


async def test_offline_a_command_says_why_not_now_and_a_decision_is_kept(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    app.session.known.link.set(Link(LinkPhase.OFFLINE, app.session.clock.wall()))
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        await press(pilot, "e")
        assert "offline" in said(app)
        await pilot.pause(0.6)
        await look(pilot)
        await press(pilot, "a")
        assert verbs(app) == [Verb.APPROVE]


async def test_the_lists_key_on_a_phone_opens_the_draft_and_decides_nothing(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(45, 30)) as pilot:
        await settled(pilot)
        await press(pilot, "a")
        assert verbs(app) == []
        assert app.tab.inner_title() == ("5 Approvals", "1 of 12")


async def test_new_rows_wait_below_until_they_are_asked_for(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        before = app.front.selected()
        app.session.known.approvals.put([row(99)])
        await settled(pilot)
        assert len(app.session.lists[View.PENDING].arrived) == 1
        assert app.front.selected() == before
        await press(pilot, "n")
        assert not app.session.lists[View.PENDING].arrived


async def test_a_mistake_in_the_filter_is_told_where_it_stands(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"kind=email risc<40")
        await settled(pilot)
        assert app.overlays.prompt is not None
        mistake = app.overlays.prompt.mistake
        assert mistake is not None
        assert "did you mean 'risk'" in mistake.sentence
        assert (mistake.start, mistake.end) == (11, 15)


async def test_without_a_server_a_form_asks_for_one(tmp_path: Path) -> None:
    session = Session(Config(log_file=str(tmp_path / "log")), StandingClock())
    app = CommandCenter(session.config, session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert app.overlays.sheet is not None
        assert app.overlays.sheet.id == "connect"


async def test_a_screen_that_is_too_small_decides_nothing_and_comes_back(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        await pilot.resize_terminal(20, 5)
        await settled(pilot)
        assert app.front.selected() is None
        await press(pilot, "a")
        assert verbs(app) == []
        await pilot.resize_terminal(120, 40)
        await settled(pilot)
        assert app.front.selected() is not None


async def test_a_key_decides_nothing_when_another_row_is_selected_before_it_is_judged(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        app.router.press("a", app.monotonic())
        queue(app).table.go(3)
        await pilot.pause(0.05)
        await settled(pilot)
        assert verbs(app) == []
        assert "did not count" in said(app)


@pytest.mark.parametrize(("opens", "line"), [("a", "risk"), ("r", "reason")])
async def test_a_line_of_choices_closes_when_another_draft_is_selected(tmp_path: Path, opens: str, line: str) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await open_line(pilot, opens, line)
        queue(app).table.go(0)
        await settled(pilot)
        assert queue(app).pane.choice_name is None
        assert "nothing was decided: another draft is selected" in said(app)
        await press(pilot, "Y" if opens == "a" else "1")
        assert verbs(app) == []


async def test_a_line_of_choices_closes_when_the_draft_changes_under_it(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await open_line(pilot, "a", "risk")
        old = queue(app).row
        assert old is not None
        changed = replace(old.alike, version=old.version + 1)
        app.session.known.approvals.put([replace(old, alike=changed, hash=b"other")])
        for _ in range(100):
            await pilot.pause(0.02)
            if queue(app).pane.choice_name is None:
                break
        assert "nothing was decided: the draft changed meanwhile" in said(app)
        await press(pilot, "Y")
        assert verbs(app) == []


async def open_line(pilot: Pilot[Any], key: str, line: str) -> None:
    """Select the first draft that blocks, read all of it, and press a key that asks back."""
    app = command_center(pilot)
    tab = queue(app)
    tab.table.go(next(n for n in range(12) if tab.queue.row(n).weight is Weight.BLOCK))  # type: ignore[union-attr]
    await settled(pilot)
    for _ in range(8):
        await pilot.press("J")
        await pilot.pause(0.02)
    await look(pilot)
    await pilot.pause(0.8)
    await press(pilot, key)
    assert tab.pane.choice_name == line


async def test_a_decision_that_counts_takes_away_what_was_said_of_a_key_that_did_not(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        app.session.say("a did not count: the key was held down", Level.WARN)
        await press(pilot, "a")
        assert verbs(app) == [Verb.APPROVE]
        assert "did not count" not in said(app)


async def test_a_decision_without_an_answer_is_told_to_be_kept(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        decided = queue(app).row
        assert decided is not None
        await press(pilot, "a")
        for _ in range(200):
            await pilot.pause(0.02)
            if said(app):
                break
        assert said(app) == f"no answer yet, kept on this disk: {decided.to_email} approved · u takes it back"
        app.session.known.approvals.undecide(decided.id)
        app.session.known.messages.clear()
        queue(app).triage.tell_unanswered(decided)
        assert said(app) == ""


async def test_a_filter_with_a_mistake_leaves_the_list_as_it_was_before_it(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        whole = list(queue(app).queue.order)
        await pilot.press("slash", *"kind")
        await settled(pilot)
        assert queue(app).queue.order == []
        await pilot.press(*"=prop")
        await settled(pilot)
        assert queue(app).queue.order == whole
        await pilot.press("enter")
        await settled(pilot)
        assert said(app) == "not filtered: kind is email, follow-up, call, proposal or contract"
        assert queue(app).queue.filter_text == ""
