"""How a test drives the app, and what it asks of it."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot

from cc_tui.decisions.journal import Verb
from cc_tui.state.approvals.rows import row_of
from cc_tui.ui.app import CommandCenter
from cc_tui.ui.tabs.approvals.tab import ApprovalsTab

SIZES = [(120, 40), (80, 24), (45, 30)]


def name(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


async def settled(pilot: Pilot[Any]) -> None:
    """Until what a key led to is drawn: layouts follow one another, and the frame after the state."""
    for _ in range(5):
        await pilot.pause()
    for _ in range(500):
        if not command_center(pilot).is_settling:
            break
        await pilot.pause(0.02)
    await pilot.pause()


async def look(pilot: Pilot[Any]) -> None:
    """Until the draft in view was there long enough; a headless screen confirms its own frames."""
    app = command_center(pilot)
    for _ in range(500):
        await pilot.pause(0.02)
        selected = app.front.selected()
        if selected is not None and app.guard.met(selected.item_id, selected.version):
            return
    raise AssertionError("the draft was never seen")


async def press(pilot: Pilot[Any], key: str) -> None:
    """A finger's key: judged 12 ms after it was read."""
    await pilot.press(key)
    await pilot.pause(0.05)
    await settled(pilot)


def command_center(pilot: Pilot[Any]) -> CommandCenter:
    app = pilot.app
    assert isinstance(app, CommandCenter)
    return app


def said(app: CommandCenter) -> str:
    shown = app.session.known.messages.shown
    return shown.text if shown is not None else ""


def verbs(app: CommandCenter) -> list[Verb]:
    assert app.session.backstage is not None
    return [decision.verb for decision in app.session.backstage.journal.decisions()]


def queue(app: CommandCenter) -> ApprovalsTab:
    assert isinstance(app.tab, ApprovalsTab)
    return app.tab


async def write(pilot: Pilot[Any], words: str) -> None:
    """Type, read it, and end it."""
    for letter in words:
        await press(pilot, "space" if letter == " " else letter)
    await pilot.pause(0.8)
    await press(pilot, "enter")


def change(app: CommandCenter, **fields: Any) -> None:
    """The draft under the cursor is as the server tells it now."""
    store, key = app.session.known.approvals, app.tab.selected()
    assert key is not None
    whole = store.whole(key.item_id)
    assert whole is not None
    changed = whole.model_copy(update=fields)
    store.put([row_of(changed)])
    store.put_whole(changed, row_of(changed))
