"""All safe, and decisions on marks, by Textual's pilot: the list is seen, then exactly that is decided."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from cc_api_client.errors import NotFound, Unreachable
from cc_tui.decisions.batches import Batch
from cc_tui.decisions.journal import Destination, Verb
from cc_tui.state.approvals.rows import row_of
from cc_tui.state.link import Link, LinkPhase
from cc_tui.ui.app import CommandCenter
from cc_tui.ui.dialogs.question import QuestionSheet
from cc_tui.ui.tabs.approvals.batch.sheet import BatchSheet
from tests.tui.desk import StillCommands, app_of
from tests.tui.piloting import command_center, look, press, queue, said, settled, verbs, write


def batches(app: CommandCenter) -> list[Batch]:
    assert app.session.backstage is not None
    return app.session.backstage.deciding.batches._journal.batches(Destination("server", "you"))


def server(app: CommandCenter) -> StillCommands:
    assert app.session.backstage is not None
    commands: Any = app.session.backstage.commands
    assert isinstance(commands, StillCommands)
    return commands


async def listed(pilot: Pilot[Any]) -> BatchSheet:
    """Until the list was on the screen long enough."""
    app = command_center(pilot)
    for _ in range(500):
        await pilot.pause(0.02)
        sheet = app.overlays.sheet
        if isinstance(sheet, BatchSheet):
            selected = sheet.selected()
            if selected is not None and app.guard.met(selected.item_id, selected.version) and _opened(app):
                return sheet
    raise AssertionError(f"the list was never seen: {said(app)}")


def _opened(app: CommandCenter) -> bool:
    hold = app.guard._hold
    return hold is not None and hold.selected == app.front.selected() and hold.opens_at is not None


async def test_all_safe_decides_exactly_what_the_server_listed(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "A")
        await listed(pilot)
        assert batches(app) == []
        await press(pilot, "y")
        (kept,) = batches(app)
        safe = {row.id for row in app.session.known.approvals.rows.values() if row.safe}
        assert kept.action == "approve_safe"
        assert said(app) == f"on their way: {len(safe)} drafts · u takes them back"
        assert {one.approval_id for one in kept.items} == safe
        assert app.overlays.sheet is None
        assert all(app.session.known.approvals.local[one].is_open for one in safe)


async def test_a_key_before_the_list_was_seen_decides_nothing(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    app.guard.settings = replace(app.guard.settings, hold_ms=60_000)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "A")
        await press(pilot, "y")
        assert batches(app) == []
        assert "did not count" in said(app)


async def test_leaving_the_list_decides_nothing(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        for key in ("n", "escape", "enter"):
            await press(pilot, "A")
            await listed(pilot)
            await press(pilot, key)
            assert app.overlays.sheet is None
            assert said(app) == "nothing was decided"
        assert batches(app) == []


async def test_tab_and_enter_decide_too(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "A")
        await listed(pilot)
        await press(pilot, "tab")
        await press(pilot, "enter")
        assert len(batches(app)) == 1


async def test_the_list_says_why_each_of_its_items_is_on_it(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(45, 30)) as pilot:
        await settled(pilot)
        await press(pilot, "A")
        sheet = await listed(pilot)
        await press(pilot, "j")
        await press(pilot, "w")
        row = sheet._facts.items[1]
        assert said(app) == f"{row.to_email}: {row.whole_why}"
        assert "risk" in row.whole_why


async def test_with_a_filter_all_safe_asks_for_what_it_shows(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"kind=follow_up", "enter")
        await settled(pilot)
        await press(pilot, "A")
        await listed(pilot)
        rows = app.session.known.approvals.rows.values()
        wanted = {row.id for row in rows if row.safe and row.kind == "follow_up"}
        assert set(server(app).asked[-1]["ids"]) == wanted


async def test_marks_are_listed_riskiest_first_and_what_a_flag_blocks_is_left_out(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "asterisk")
        await press(pilot, "a")
        sheet = await listed(pilot)
        risks = [one.risk for one in sheet._facts.items]
        assert risks == sorted(risks, reverse=True)
        assert sheet._facts.left.startswith("5 stay marked: 3 × a flag blocks it")
        await pilot.pause(0.6)
        await press(pilot, "y")
        (kept,) = batches(app)
        assert (kept.action, len(kept.items)) == ("approve", 7)
        assert verbs(app) == []


async def test_marks_are_rejected_for_one_reason(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "space")
        await press(pilot, "space")
        await press(pilot, "r")
        await pilot.pause(0.6)
        await press(pilot, "3")
        await listed(pilot)
        await press(pilot, "y")
        (kept,) = batches(app)
        assert kept.reason is not None
        assert (kept.action, kept.reason.code, len(kept.items)) == ("reject", "tone", 2)


async def test_marks_that_somebody_else_decides_in_the_instant_of_the_key_leave_the_row_below_alone(
    tmp_path: Path,
) -> None:
    app = app_of(tmp_path)
    app.guard.settings = replace(app.guard.settings, burst_ms=400)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "space")
        await pilot.pause(0.5)
        await pilot.press("a")
        decide_elsewhere(app, *queue(app).queue.marks)
        await pilot.pause(0.5)
        await settled(pilot)
        assert (verbs(app), batches(app)) == ([], [])
        assert said(app).startswith("a did not count")


@pytest.mark.parametrize("key", ["3", "8"])
async def test_a_reason_for_marks_that_somebody_else_decided_rejects_nothing(tmp_path: Path, key: str) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "space")
        await look(pilot)
        await press(pilot, "r")
        await pilot.pause(0.6)
        if key == "8":
            await press(pilot, key)
        decide_elsewhere(app, *queue(app).queue.marks)
        await pilot.pause(0.6)
        told = said(app)
        await (write(pilot, "too long") if key == "8" else press(pilot, key))
        assert (verbs(app), batches(app)) == ([], [])
        assert "no mark is left" in told


async def test_undo_takes_the_batch_back_as_a_whole_and_before_what_was_decided_earlier(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "A")
        await listed(pilot)
        await press(pilot, "y")
        await press(pilot, "u")
        assert batches(app) == []
        assert app.session.known.approvals.local == {}
        assert said(app) == "taken back: 4 drafts, never sent"


async def test_a_server_without_batches_is_decided_one_by_one(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        server(app).error = NotFound("no such address", status=404)
        await press(pilot, "A")
        assert said(app).startswith("this server knows no batches")
        await press(pilot, "space")
        await press(pilot, "a")
        assert isinstance(app.overlays.sheet, QuestionSheet)
        await pilot.pause(0.3)
        await press(pilot, "y")
        assert (verbs(app), batches(app)) == ([Verb.APPROVE], [])
        assert len(server(app).asked) == 1


async def test_without_a_link_there_is_no_list_and_it_says_so(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        app.session.known.link.set(Link(LinkPhase.OFFLINE))
        await press(pilot, "A")
        assert "offline" in said(app)
        assert server(app).asked == []


async def test_a_link_that_breaks_while_it_is_asked_decides_nothing(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        server(app).error = Unreachable("it did not answer within 60 s", sent=True)
        await press(pilot, "A")
        assert said(app) == "nothing was decided: it did not answer within 60 s"
        assert app.overlays.sheet is None


async def test_after_a_batch_the_cursor_stays_on_a_draft_that_still_waits(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        rows = app.session.known.approvals.rows
        for _ in range(12):
            selected = app.front.selected()
            assert selected is not None
            if not rows[selected.item_id].safe:
                break
            await press(pilot, "j")
        await press(pilot, "A")
        await listed(pilot)
        await press(pilot, "y")
        after = app.front.selected()
        assert len(batches(app)) == 1
        assert after is not None
        assert selected is not None
        assert after.item_id == selected.item_id


def decide_elsewhere(app: CommandCenter, *ids: str) -> None:
    """Somebody else approved these."""
    store = app.session.known.approvals
    for one in ids:
        whole = store.whole(one)
        assert whole is not None
        store.put([row_of(whole.model_copy(update={"status": "approved", "version": whole.version + 1}))])
