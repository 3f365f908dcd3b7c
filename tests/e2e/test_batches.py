"""Many at once, in a real terminal: all safe, marks, undo as a whole, and a server that goes away in between."""

from __future__ import annotations

import signal
from pathlib import Path

from rig.direct_api import DirectApi
from rig.pty_app import Backend, app_terminal
from tests.e2e.conftest import Server, decide, ready


def test_all_safe_lists_approves_exactly_that_and_is_undone_as_a_whole(home: Path) -> None:
    with app_terminal(home, "demo", "--rate", "0") as terminal:
        ready(terminal)
        terminal.press("A")
        found = terminal.wait_for(r"Approve (\d+) safe drafts +policy default-1 · riskiest first · digest \w{4} \w{4}")
        count = int(found[1])
        terminal.wait_for(rf"({count}|{count - 1}) never opened")  # the draft at hand may be one of them
        terminal.wait_for(r"nothing is decided yet")
        decide(terminal, "y", rf"approved {count} drafts, the first leaves in \d+ \w+ · u undo")
        terminal.wait_for(rf"pending {12 - count} +leaving {count} ")
        decide(terminal, "u", rf"undone: {count} drafts pending again")
        terminal.wait_for(r"pending 12 +leaving 0 ")


def test_keys_that_no_finger_pressed_on_the_list_decide_nothing(home: Path, backend: Backend) -> None:
    with app_terminal(home, backend=backend) as terminal:
        ready(terminal)
        terminal.press("space", "space")
        decide(terminal, "a", r"Approve 2 marked drafts")
        for _ in range(2):
            terminal.paste("yy", bracketed=False)
        terminal.wait_for(r"y did not count")
        terminal.press("escape")
        terminal.wait_gone(r"Approve 2 marked drafts")
        terminal.wait_for(r"pending 12 +leaving 0 ")


def test_marks_are_rejected_as_one_after_their_list(home: Path, backend: Backend, api: DirectApi) -> None:
    with app_terminal(home, backend=backend) as terminal:
        ready(terminal)
        terminal.press("space", "space", "space")
        terminal.wait_for(r"3 marked")
        decide(terminal, "r", r"Reject 3 marked, because of")
        decide(terminal, "5", r"Reject 3 marked drafts")
        decide(terminal, "y", r"rejected 3 drafts · u undo")
        rejected = api.get("/api/approvals", status="rejected", sort="-decided")["items"][:3]
        assert {one["reason_code"] for one in rejected} == {"timing"}
        decide(terminal, "u", r"undone: 3 drafts pending again")
        terminal.wait_for(r"pending 12 ")


def test_a_batch_outlives_a_killed_server_and_a_killed_app_and_is_done_once(home: Path, server: Server) -> None:
    with app_terminal(home, backend=server.backend) as terminal:
        ready(terminal)
        terminal.press("space", "space")
        decide(terminal, "a", r"Approve 2 marked drafts")
        server.kill()
        decide(terminal, "y", r"2 undelivered|undelivered +2|→ undelivered")
        terminal.signal(signal.SIGKILL)
    server.start()
    with app_terminal(home, backend=server.backend) as terminal:
        terminal.wait_for(r"2 decisions wait for your word")
        terminal.wait_for(r"approve +a batch of 2")
        decide(terminal, "y", r"approved 2 drafts")
        terminal.wait_for(r"pending 10 +leaving 2 ")
        with DirectApi(server.backend) as api:
            assert api.get("/api/approvals", status="approved", delivery="held")["total"] == 2
