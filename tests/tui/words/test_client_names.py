"""A client's name comes from outside: it acts on no terminal, takes nobody's room, and can be typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from cc_api_client.models.installation.me import KillSwitchRecord
from cc_tui.text.safe import is_hidden
from cc_tui.ui.app import CommandCenter
from tests.tui.desk import app_of, business
from tests.tui.piloting import look, press, queue, settled

NAMES = {
    "escape sequences": "Acme\x1b[2J\x1b]0;owned\x07\x1b[31m Corp\x9b2J",
    "markup": "[bold red]Acme[/] [@click=app.quit]Corp[/]",
    "bidi": "Acme \u202egro.live\u202c Corp\u2066\u2069",
    "ten thousand characters": "Acme Corporation " * 600,
    "one word of ten thousand": "x" * 10_000,
    "wide": "東京クリニック" * 20,
    "combining marks": "A" + "\u0301\u0323\u20dd" * 50 + "cme Corp",
    "lines": "Acme\r\nCorp\tInc\x0b\x0c",
    "nothing to see": "\u200b\u2060\ufeff",
}
SIZES = [(120, 40), (80, 24), (45, 24)]


def texts(app: CommandCenter) -> list[str]:
    return [strip.text for strip in app.screen._compositor.render_strips()]


def is_harmless(app: CommandCenter, width: int) -> None:
    strips = app.screen._compositor.render_strips()
    assert all(strip.cell_length == width for strip in strips)
    assert not [char for strip in strips for char in strip.text if is_hidden(char)]


async def with_name(pilot: Pilot[Any], name: str) -> CommandCenter:
    app = pilot.app
    assert isinstance(app, CommandCenter)
    ids = [one["id"] for one in business()["clients"]["items"]]
    app.session.known.identity.set_client_names(dict.fromkeys(ids, name))
    app.session.known.identity.changed.emit(None)
    await settled(pilot)
    return app


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", NAMES.values(), ids=list(NAMES))
async def test_it_does_no_harm_on_any_tab_and_leaves_the_draft_its_room(
    tmp_path: Path, name: str, size: tuple[int, int]
) -> None:
    client = business()["clients"]["items"][0]["id"]
    async with app_of(tmp_path, client=client).run_test(size=size) as pilot:
        app = await with_name(pilot, name)
        for tab in ("1", "3", "5"):
            await press(pilot, tab)
            is_harmless(app, size[0])
        await press(pilot, "enter")
        is_harmless(app, size[0])
        row = queue(app).row
        assert row is not None
        assert any(row.subject[:20] in line for line in texts(app)[4:])
        assert "to approve" in texts(app)[0]


@pytest.mark.parametrize("name", NAMES.values(), ids=list(NAMES))
async def test_it_does_no_harm_in_the_bar_of_a_stop(tmp_path: Path, name: str) -> None:
    client = business()["clients"]["items"][0]["id"]
    async with app_of(tmp_path).run_test(size=(120, 40)) as pilot:
        app = await with_name(pilot, name)
        store = app.session.known.identity
        assert store.identity is not None
        stop = KillSwitchRecord.model_validate(
            {"scope": f"client:{client}", "by": "ana", "reason": "wrong prices", "at": "2026-11-24T12:00:00Z"}
        )
        store.set(store.identity, (stop,))
        await pilot.pause(0.3)
        await settled(pilot)
        is_harmless(app, 120)
        assert "STOPPED" in texts(app)[0]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", NAMES.values(), ids=list(NAMES))
async def test_it_is_asked_for_in_words_that_are_on_the_screen(
    tmp_path: Path, name: str, size: tuple[int, int]
) -> None:
    async with app_of(tmp_path).run_test(size=size) as pilot:
        app = await with_name(pilot, name)
        rows = app.session.known.approvals.rows
        contract = next(row for row in rows.values() if row.kind == "contract_change" and row.status == "pending")
        whole = app.session.known.approvals.whole(contract.id)
        assert whole is not None
        app.session.known.approvals.put_whole(whole.model_copy(update={"payload": {"clauses": []}}), contract)
        assert queue(app).table.select(contract.id)
        await settled(pilot)
        if size[0] < 80:
            await press(pilot, "enter")
        for _ in range(12):
            await look_down(pilot)
        await look(pilot)
        await press(pilot, "a")
        is_harmless(app, size[0])
        prompt = app.overlays.prompt
        assert prompt is not None
        assert prompt._input.size.width >= 8


async def look_down(pilot: Pilot[Any]) -> None:
    await press(pilot, "J")
