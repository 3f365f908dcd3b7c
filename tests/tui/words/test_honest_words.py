"""What footer, message line and notes say is what can be done: here, now, with this key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from cc_api_client.models.base import Page
from cc_api_client.models.clients import BusinessClient
from cc_api_client.models.dashboard import DashboardStats
from cc_api_client.models.installation.me import Me
from cc_api_client.models.work.agents import Agent
from cc_api_client.resources.answers import Snapshot
from cc_tui.actions.commands import Commands
from cc_tui.config.model import Config
from cc_tui.decisions.journal import Verb
from cc_tui.session import Session
from cc_tui.state.approvals.rows import View
from cc_tui.state.health import is_spend_high
from cc_tui.state.messages import Level
from cc_tui.ui.app import CommandCenter
from cc_tui.ui.dialogs.connect import ConnectSheet
from cc_tui.ui.dialogs.question import QuestionSheet
from cc_tui.ui.tabs.approvals.tab import ApprovalsTab
from tests.tui.desk import StandingClock, app_of, business
from tests.tui.piloting import change, look, press, said, settled, verbs


def footer(app: CommandCenter, width: int = 120) -> str:
    return app.frame.footer.draw(width, 1)[0].text(width)


def queue(app: CommandCenter) -> ApprovalsTab:
    assert isinstance(app.tab, ApprovalsTab)
    return app.tab


@pytest.mark.parametrize(("letter", "head"), [("r", "Age ↓ Risk"), ("a", "↓ Age Risk"), ("k", "Kind ↓"), ("t", "To ↓")])
async def test_the_arrow_stands_at_the_column_that_is_sorted_by(tmp_path: Path, letter: str, head: str) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        queue(app).queue.set_sort(next(key for key in type(queue(app).queue.sort) if key.value[0] == letter))
        if queue(app).queue.reversed:
            queue(app).queue.set_sort(queue(app).queue.sort)
        header = queue(app).table.source.header(48)
        assert header is not None
        assert head in header.text(48)


async def test_while_a_letter_is_waited_for_the_footer_offers_the_letters_alone(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        assert "approve" in footer(app)
        await press(pilot, "s")
        assert "r risk" in footer(app)
        assert "approve" not in footer(app)
        await press(pilot, "escape")
        assert "approve" in footer(app)


async def test_what_is_decided_is_not_offered_for_decision(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        change(app, status="rejected", version=2)
        queue(app).show_view(View.REJECTED)
        await settled(pilot)
        assert queue(app).row is not None
        assert not any(word in footer(app) for word in ("approve", "reject", "edit", "mark", "all safe"))


async def test_an_operator_who_asked_for_read_only_is_offered_nothing_that_changes(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    app.session.known.identity.read_only_by_choice = True
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        assert "approve" not in footer(app)
        assert "undo" not in footer(app)


async def test_a_flag_out_of_view_is_scrolled_to_and_the_key_is_asked_for_again(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        change(app, subject="word " * 200, version=2)
        await settled(pilot)
        for _ in range(60):
            await pilot.pause(0.02)
        await press(pilot, "a")
        assert "read on here, then press a again" in said(app)


async def test_a_note_stays_with_the_tab_that_it_is_about(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        app.session.say("j k scroll the draft")
        await press(pilot, "1")
        assert said(app) == ""
        app.session.say("not saved", Level.WARN)
        await press(pilot, "5")
        assert said(app) == "not saved"


async def test_in_the_editor_a_question_mark_is_a_letter_and_no_help(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        await press(pilot, "e")
        assert "save" in footer(app)
        assert "? help" not in footer(app)


async def test_an_edit_that_was_not_saved_is_told_of_before_the_draft_goes_out_without_it(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        row = queue(app).row
        assert row is not None
        app.session.edits.keep(row.id, row.version, {"subject": row.subject, "body": "mine"})
        queue(app).refresh_draft()
        assert "e goes on with it" in " ".join(" ".join(line.text(80) for line in queue(app).pane.lines).split())
        await press(pilot, "a")
        assert verbs(app) == []
        assert "your edit is not saved" in said(app)
        await pilot.pause(0.6)
        await press(pilot, "a")
        assert verbs(app) == [Verb.APPROVE]


async def test_an_offer_that_comes_while_a_sheet_is_open_is_made_when_it_closes(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "question_mark")
        offer = QuestionSheet(app.look, "3 decisions wait", [], "send them", lambda: None)
        app.overlays.when_free(lambda: app.open_sheet(offer))
        await settled(pilot)
        assert app.overlays.sheet is not offer
        await press(pilot, "escape")
        await settled(pilot)
        assert app.overlays.sheet is offer


@dataclass
class Pausing:
    """A server that pauses."""

    async def pause(self, agent_id: str, reason: str | None) -> Agent:
        told = next(one for one in business()["agents"]["items"] if one["id"] == agent_id)
        return Agent.model_validate(told | {"status": "paused", "paused_by": "you", "pause_reason": reason})


async def test_a_pause_says_that_it_is_done_before_it_asks_why(tmp_path: Path) -> None:
    app = app_of(tmp_path, tab="agents")
    assert app.session.backstage is not None
    app.session.backstage.commands = cast("Commands", Pausing())
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "p")
        await settled(pilot)
        assert app.overlays.prompt is not None
        assert app.overlays.prompt.question.label == "paused; why? (enter leaves it empty, esc goes back)"
        await press(pilot, "escape")
        assert "no reason given" in said(app)


def form(tmp_path: Path) -> CommandCenter:
    session = Session(Config(log_file=str(tmp_path / "log"), journal_dir=str(tmp_path / "journal")), StandingClock())
    return CommandCenter(session.config, session=session)


async def test_the_form_says_which_field_is_missing(tmp_path: Path) -> None:
    app = form(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "enter")
        sheet = app.overlays.sheet
        assert isinstance(sheet, ConnectSheet)
        assert str(sheet._said.render()) == "the address of the server is missing"


@dataclass
class OneHouse:
    """Operations of a server that knows the key, and not the client."""

    async def me(self) -> Me:
        return Me.model_validate(business()["me"])


class NoClients:
    """What a key that sees no client is answered."""

    async def list(self, *, limit: int) -> Snapshot[Page[BusinessClient]]:
        del limit
        return Snapshot(Page[BusinessClient](items=[], total=0))


async def test_a_client_that_the_key_does_not_see_is_not_connected_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cc_api_client.client.Operations", lambda _transport: OneHouse())
    monkeypatch.setattr("cc_api_client.client.Clients", lambda _transport: NoClients())
    app = form(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        sheet = app.overlays.sheet
        assert isinstance(sheet, ConnectSheet)
        for name, value in (("url", "http://127.0.0.1:9"), ("api_key", "key"), ("client", "nobody")):
            sheet._inputs[name].value = value
        await press(pilot, "enter")
        for _ in range(100):
            if "client id" in str(sheet._said.render()):
                break
            await pilot.pause(0.05)
        assert str(sheet._said.render()) == "client id: this key sees none of that id; it sees no client at all"
        assert app.overlays.sheet is sheet
        assert app.session.backstage is None


@pytest.mark.parametrize(("told", "is_high"), [(0.5, True), (0.9, False), (None, False)])
def test_spend_is_called_high_from_the_share_that_the_server_tells(told: float | None, is_high: bool) -> None:
    changes = {"spend_today_usd": "30.00", "budget_today_usd": "50.00", "alert_ratio": told}
    assert is_spend_high(DashboardStats.model_validate(business()["dashboard"] | changes)) is is_high
