"""Text that a model wrote, or a stranger typed, reaches the terminal as text: no sequence, no markup, no trick."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.direct_api import DirectApi
from rig.pty_app import Backend, app_terminal
from tests.e2e.conftest import ready

BODY = (
    "Dear [bold red]reader[/],\n\n\x1b[2J\x1b[H\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07\x1b[?1049l\x9b31m\x1bP+q\x1b\\"
    "\nleft \u202eright to left\u202c\nzero\u200bwidth\nbell\x07\rreturn\nwide 日本語 👩‍👩‍👧 e\u0301\n"
    "[@click=app.quit]press[/]\n"
)


@pytest.mark.parametrize(("cols", "rows"), [(120, 40), (80, 24), (45, 30)])
def test_nothing_of_a_draft_acts_on_the_terminal(
    home: Path, backend: Backend, api: DirectApi, cols: int, rows: int
) -> None:
    first = api.approvals(sort="created")[0]
    api.edit(api.approval(first["id"]), subject="\x1b[31mred \u202eevil [b]x[/b]", body=BODY)
    with app_terminal(home, "--tab", "approvals", backend=backend, cols=cols, rows=rows) as terminal:
        terminal.wait_for(r"pending \d")
        terminal.wait_for(r"U\+001B")  # in the list: its subject
        terminal.wait_silent(0.5)
        if cols == 45:
            terminal.press("enter")
        terminal.wait_for("hidden_text")  # the whole draft is here
        terminal.press(*["J"] * 14)
        terminal.wait_for(r"\[bold red\]reader\[/\]")
        ready_text = terminal.text()
        terminal.press("e")
        terminal.wait_for("hidden characters")
        terminal.wait_silent(0.3)
        terminal.paste("pasted \u202e\u200b\x9b31m\x1b]0;owned\x07 text", bracketed=True)
        terminal.wait_for("pasted")
        terminal.press("escape")
        terminal.wait_for("not saved")
        written = terminal.output()
    for forbidden in (b"\x1b]0;owned", b"\x1b]52;", b"\x1bP+q", b"\x9b31m", "\u202e".encode(), "\u200b".encode()):
        assert forbidden not in written, forbidden
    assert written.count(b"\x1b[2J") <= 1
    assert "]0;owned" in ready_text or cols < 120


def test_hostile_names_of_leads_and_agents_do_no_harm_on_any_tab(home: Path, backend: Backend, api: DirectApi) -> None:
    client = api.get("/api/clients")["items"][0]["id"]
    api.hand_in_lead(client, name="\u202eeve \x1b[5m[blink]x[/]", email="eve@x.example", message=BODY[:500])
    with app_terminal(home, "--tab", "approvals", backend=backend) as terminal:
        ready(terminal)
        for key, shows in (("1", r"Pipeline"), ("3", r"Success 7 d"), ("5", r"pending \d")):
            terminal.press(key)
            terminal.wait_for(shows)
        terminal.wait_silent(0.5)
        written = terminal.output()
    assert b"\x1b[5m" not in written
    assert "\u202e".encode() not in written
