"""Deliveries in trouble: what the screen says of them, and how an operator settles one or has it tried again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from textual.pilot import Pilot

from cc_api_client.client import CommandCenterClient
from cc_api_client.errors import Conflict
from cc_api_client.models.installation.me import KillSwitchRecord
from cc_api_client.models.outbox.approvals import ApprovalDetail, Delivery
from cc_api_client.resources.answers import Acted
from cc_tui.actions.commands import Commands
from cc_tui.state.approvals.rows import View, row_of
from cc_tui.sync.intake import Intake
from cc_tui.ui.app import CommandCenter
from cc_tui.ui.dialogs.question import QuestionSheet
from tests.tui.desk import app_of, business
from tests.tui.piloting import SIZES, look, name, press, queue, said, settled, write

Compare = Callable[..., bool]
WHY = {
    "unknown": "the server stopped while it was being sent; whether it left is not known",
    "failed": "the mail server says 550 no such mailbox",
}
AFTER = {"sent": "sent", "not_sent": "ready", "failed": "failed"}


@dataclass
class Deliveries:
    """The server's answers, and what it was asked."""

    delivery: Delivery
    asked: list[tuple[str, ...]] = field(default_factory=list)
    refusal: Conflict | None = None

    async def resolve(
        self, delivery_id: str, outcome: str, note: str, *, version: int, idempotency_key: str
    ) -> Acted[Delivery]:
        self.asked.append(("resolve", outcome, note, str(version)))
        return self._answer(AFTER[outcome])

    async def retry(self, delivery_id: str, *, version: int, idempotency_key: str) -> Acted[Delivery]:
        self.asked.append(("retry", str(version)))
        return self._answer("ready")

    def _answer(self, state: str) -> Acted[Delivery]:
        if self.refusal is not None:
            raise self.refusal
        after = self.delivery.model_copy(update={"state": state, "version": self.delivery.version + 1, "error": None})
        return Acted(state, True, after, False)


@dataclass
class Server:
    """The client's side of a server that has deliveries."""

    deliveries: Deliveries


def in_trouble(folder: Path, state: str) -> tuple[CommandCenter, Deliveries]:
    """The app on the problems view, with one delivery in that state, and the server behind it."""
    app = app_of(folder)
    store, told = app.session.known.approvals, business()["details"][0]
    delivery = {
        "id": "d1", "approval_id": told["id"], "client_id": told["client_id"], "channel": "email", "state": state,
        "not_before": told["created_at"], "error": WHY[state], "version": 4, "attempt": 1,
    }  # fmt: skip
    decided = {"status": "approved", "version": 2, "decided_by": "Ana", "decided_at": told["created_at"]}
    whole = ApprovalDetail.model_validate(told | decided | {"delivery": delivery})
    store.put([row_of(whole)])
    store.put_whole(whole, row_of(whole))
    deliveries = Deliveries(Delivery.model_validate(delivery))
    assert app.session.backstage is not None
    client = cast("CommandCenterClient", Server(deliveries))
    intake = Intake(app.session.known, lambda _feed: None)
    app.session.backstage.commands = Commands(client, intake, lambda: "key")
    return app, deliveries


async def open_problems(pilot: Pilot[Any]) -> None:
    await settled(pilot)
    for _ in range(2):
        await press(pilot, "l")


@pytest.mark.parametrize(("key", "outcome", "view"), [("1", "sent", View.SENT), ("2", "not_sent", View.LEAVING)])
async def test_an_unknown_delivery_is_settled_with_a_note(tmp_path: Path, key: str, outcome: str, view: View) -> None:
    app, server = in_trouble(tmp_path, "unknown")
    async with app.run_test(size=(120, 40)) as pilot:
        await open_problems(pilot)
        await press(pilot, "m")
        await press(pilot, key)
        await write(pilot, "in their inbox")
        assert server.asked == [("resolve", outcome, "in their inbox", "4")]
        assert app.session.known.approvals.view_of(server.delivery.approval_id) is view
        assert "the server confirmed" in said(app)


async def test_without_a_note_nothing_is_settled(tmp_path: Path) -> None:
    app, server = in_trouble(tmp_path, "unknown")
    async with app.run_test(size=(120, 40)) as pilot:
        await open_problems(pilot)
        await press(pilot, "m")
        await press(pilot, "3")
        await press(pilot, "enter")
        assert server.asked == []
        assert "say how it is known" in said(app)


async def test_leaving_the_line_settles_nothing_and_gives_the_keys_back(tmp_path: Path) -> None:
    app, server = in_trouble(tmp_path, "unknown")
    async with app.run_test(size=(120, 40)) as pilot:
        await open_problems(pilot)
        await press(pilot, "m")
        await press(pilot, "escape")
        await press(pilot, "1")
        assert server.asked == []


async def test_a_failed_delivery_is_tried_again(tmp_path: Path) -> None:
    app, server = in_trouble(tmp_path, "failed")
    async with app.run_test(size=(120, 40)) as pilot:
        await open_problems(pilot)
        await look(pilot)
        await press(pilot, "m")
        await pilot.pause(0.6)  # an open line is dead at first
        await press(pilot, "t")
        assert server.asked == [("retry", "4")]
        assert app.session.known.approvals.view_of(server.delivery.approval_id) is View.LEAVING


async def test_what_is_known_to_have_failed_can_not_be_called_sent(tmp_path: Path) -> None:
    app, server = in_trouble(tmp_path, "failed")
    async with app.run_test(size=(120, 40)) as pilot:
        await open_problems(pilot)
        await press(pilot, "m")
        await press(pilot, "1")
        assert server.asked == []
        assert "it is known that it failed" in said(app)


async def test_somebody_who_settled_it_first_is_told_of(tmp_path: Path) -> None:
    app, server = in_trouble(tmp_path, "unknown")
    server.refusal = Conflict("it is sent; only what is unknown takes this", status=409)
    async with app.run_test(size=(120, 40)) as pilot:
        await open_problems(pilot)
        await press(pilot, "m")
        await press(pilot, "1")
        await write(pilot, "seen")
        assert "not settled: it is sent" in said(app)


async def test_elsewhere_there_is_nothing_to_settle(tmp_path: Path) -> None:
    app, _server = in_trouble(tmp_path, "unknown")
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "j")
        await press(pilot, "m")
        assert "not in trouble" in said(app)


def stop(app: CommandCenter, scope: str = "all") -> None:
    """The server says that a stop is engaged."""
    identity = app.session.known.identity
    assert identity.identity is not None
    at = business()["me"]["server_time"]
    record = KillSwitchRecord.model_validate({"scope": scope, "reason": "wrong prices", "by": "ana", "at": at})
    identity.set(replace(identity.identity), (record,))


@pytest.mark.parametrize("size", SIZES, ids=name)
@pytest.mark.parametrize("state", ["unknown", "failed"])
def test_looks_of_the_line(snap_compare: Compare, tmp_path: Path, state: str, size: tuple[int, int]) -> None:
    app, _server = in_trouble(tmp_path, state)

    async def opened(pilot: Pilot[Any]) -> None:
        await open_problems(pilot)
        for key in ("enter", "m") if size[0] < 80 else ("m",):
            await press(pilot, key)

    assert snap_compare(app, terminal_size=size, run_before=opened)


@pytest.mark.parametrize("size", SIZES, ids=name)
def test_looks_of_the_bar_while_stopped(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    app = app_of(tmp_path)

    async def stopped(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        stop(app)
        for _ in range(100):
            await pilot.pause(0.05)
            if app.frame.bar._facts.condition.word == "STOPPED":
                break
        await settled(pilot)

    assert snap_compare(app, terminal_size=size, run_before=stopped)


@pytest.mark.parametrize("size", SIZES, ids=name)
def test_looks_of_what_expired(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    app = app_of(tmp_path)
    store = app.session.known.approvals
    for told in business()["details"][:2]:
        whole = ApprovalDetail.model_validate(told | {"status": "expired", "version": 2})
        store.put([row_of(whole)])
        store.put_whole(whole, row_of(whole))

    async def opened(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await pilot.press("h")
        await settled(pilot)

    assert snap_compare(app, terminal_size=size, run_before=opened)


async def test_a_decision_that_waits_for_a_word_can_be_forgotten_after_it_was_not_sent(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    backstage = app.session.backstage
    assert backstage is not None
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        await press(pilot, "a")
        decided = backstage.journal.decisions()[0]
        backstage.journal.offer([decided.key])
        app.session.outcomes.offered(replace(decided, is_offered=True))
        await pilot.pause(0.6)
        await press(pilot, "escape")  # the offer that opens by itself
        tab = queue(app)
        tab.show_view(View.PROBLEMS)
        await settled(pilot)
        assert tab.table.select(decided.approval_id)
        await settled(pilot)
        await press(pilot, "enter")
        first = app.overlays.sheet
        assert isinstance(first, QuestionSheet)
        await pilot.pause(0.3)
        await press(pilot, "n")
        await settled(pilot)
        assert isinstance(app.overlays.sheet, QuestionSheet)
        assert app.overlays.sheet is not first
        await pilot.pause(0.3)
        await press(pilot, "y")
        assert backstage.journal.decisions() == []
        assert "forgotten" in said(app)


async def test_keys_meant_for_what_was_there_before_do_not_send_what_is_offered_by_itself(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    backstage = app.session.backstage
    assert backstage is not None
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        await press(pilot, "a")
        decided = backstage.journal.decisions()[0]
        backstage.journal.offer([decided.key])
        app.guard.settings = replace(app.guard.settings, hold_ms=2_000)
        app.session.outcomes.offers.emit(None)
        await pilot.pause(0.8)
        offer = app.overlays.sheet
        assert isinstance(offer, QuestionSheet)
        for key in ("y", "tab", "enter"):
            await press(pilot, key)
            assert backstage.journal.decisions()[0].is_offered
            assert app.overlays.sheet is offer
            await pilot.pause(0.6)
        assert said(app).startswith("enter did not count")
        await pilot.pause(2.5)
        await press(pilot, "y")
        assert app.overlays.sheet is None
        assert not backstage.journal.decisions()[0].is_offered
