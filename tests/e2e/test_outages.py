"""The link goes, the server dies, the app dies: nothing is lost and nothing is doubled."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from rig.direct_api import DirectApi
from rig.pty_app import app_terminal
from rig.terminal import Terminal
from tests.e2e.conftest import Server, decide, eventually, new_key, ready


def recipient(terminal: Terminal) -> str:
    """Whom the draft under the cursor goes to."""
    found = re.search(r"│ .*?(\S+@\S+\.example)", terminal.text())
    assert found is not None, terminal.text()
    return found[1]


def test_decisions_made_while_the_server_is_dead_are_delivered_once_when_it_is_back(home: Path, server: Server) -> None:
    with app_terminal(home, "--tab", "approvals", backend=server.backend) as terminal:
        ready(terminal)
        terminal.press("j")
        terminal.wait_silent(1.0)
        terminal.press("k")
        terminal.wait_silent(1.0)  # both drafts that are decided below are at hand now
        server.kill()
        terminal.wait_for(r"[Oo]ffline")
        terminal.wait_for(r"pending 12")
        decide(terminal, "a", r"→ undelivered|1 undelivered")
        decide(terminal, "a", r"2 undelivered")
        terminal.press("3")
        terminal.wait_for(r"lead-qualifier")
        terminal.press("p")
        terminal.wait_for(r"offline; only decisions are kept")
        terminal.press("5")
        assert server.outbox == []
        server.hold_seconds = 1
        server.start()
        terminal.wait_for(r"live\s*$")
        terminal.wait_gone(r"undelivered")
        eventually(lambda: len(server.outbox) == 2, terminal, "two mails in the outbox")
        terminal.wait_for(r"leaving 0 ")
    assert len(server.outbox) == 2
    with DirectApi(server.backend) as api:
        assert len(api.approvals()) == 10


def test_an_app_killed_right_after_it_showed_a_decision_has_lost_nothing(home: Path, server: Server) -> None:
    with app_terminal(home, "--tab", "approvals", backend=server.backend) as terminal:
        ready(terminal)
        server.kill()
        terminal.wait_for(r"[Oo]ffline")
        to = recipient(terminal)
        decide(terminal, "a", r"1 undelivered")
        terminal.signal(signal.SIGKILL)
        terminal.wait_exit()
    server.hold_seconds = 1
    server.start()
    with app_terminal(home, "--tab", "approvals", backend=server.backend) as terminal:
        terminal.wait_for(r"1 decision waits for your word")
        terminal.wait_for(re.escape(to[:20]))
        terminal.wait_silent(0.8)
        decide(terminal, "y", r"\A(?![\s\S]*no answer came)")
        eventually(lambda: len(server.outbox) == 1, terminal, "the mail in the outbox")
    assert len(server.outbox) == 1


def test_an_app_that_is_told_to_end_says_what_is_kept(home: Path, server: Server) -> None:
    with app_terminal(home, "--tab", "approvals", backend=server.backend) as terminal:
        ready(terminal)
        server.kill()
        terminal.wait_for(r"[Oo]ffline")
        decide(terminal, "a", r"1 undelivered")
        terminal.press("ctrl+c")
        terminal.wait_for(r"Quit\? 1 decision is not delivered")
        terminal.wait_silent(0.5)
        terminal.press("y")
        assert terminal.wait_exit() == 0
        terminal.wait_for(r"kept and offered at the next start")


def test_two_apps_see_each_others_decisions_and_the_second_is_told_who_was_first(home: Path, server: Server) -> None:
    with (
        app_terminal(home / "a", "--tab", "approvals", backend=server.backend) as one,
        app_terminal(home / "b", "--tab", "approvals", backend=server.backend) as two,
    ):
        ready(one)
        ready(two)
        decide(one, "a", r"approved \S+")
        two.wait_for(r"pending 11 +leaving 1 ")
        two.wait_for(r"held \d+ \w+|leaving|sent")


def test_who_comes_second_is_told_who_was_first(home: Path, server: Server) -> None:
    tom = new_key(server.db, "tom")
    with (
        app_terminal(home, "--tab", "approvals", backend=server.backend) as terminal,
        DirectApi(server.backend, tom) as api,
    ):
        ready(terminal)
        terminal.wait_silent(1.0)
        terminal.signal(signal.SIGSTOP)
        api.approve(api.approval(api.approvals(sort="created")[0]["id"]))
        terminal.press("a")
        terminal.signal(signal.SIGCONT)
        terminal.wait_for(r"tom")
        terminal.wait_silent(2.0)
        assert len(api.approvals(status="approved", delivery="held")) == 1


def test_an_edit_by_somebody_else_makes_the_decision_a_conflict_and_sends_nothing(home: Path, server: Server) -> None:
    tom = new_key(server.db, "tom")
    with (
        app_terminal(home, "--tab", "approvals", backend=server.backend) as terminal,
        DirectApi(server.backend, tom) as api,
    ):
        ready(terminal)
        terminal.wait_silent(1.0)
        terminal.signal(signal.SIGSTOP)
        first = api.approvals(sort="created")[0]
        api.edit(api.approval(first["id"]), subject="another subject")
        terminal.press("a")
        terminal.signal(signal.SIGCONT)
        terminal.wait_for(r"changed|did not count")
        terminal.wait_silent(2.0)
        assert api.approval(first["id"])["status"] == "pending"
    assert server.outbox == []
