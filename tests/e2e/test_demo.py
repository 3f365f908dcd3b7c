"""What a newcomer does with one command: see the queue, decide, take back, pause an agent, leave. Nothing stays."""

from __future__ import annotations

import re
import signal
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from rig.pty_app import app_terminal
from rig.terminal import Terminal
from tests.e2e.conftest import decide, eventually, leftovers, ready
from tests.support.patience import until


def outbox(folder: Path) -> list[Path]:
    return sorted((folder / "outbox").glob("apr_*.eml"))


def pause_and_resume(terminal: Terminal) -> None:
    """On the Agents tab, with a reason."""
    terminal.press("3")
    terminal.wait_for(r"lead-qualifier +active")
    terminal.press("p")
    terminal.wait_for(r"why\?")
    terminal.type("prices are wrong")
    terminal.press("enter")
    terminal.wait_for(r"lead-qualifier +paused")
    terminal.wait_for(r'by you \d\d:\d\d, "prices are wrong"')
    terminal.press("P")
    terminal.wait_for(r"the server confirmed: lead-qualifier is active")


def test_the_first_ten_minutes(home: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    held = {"CC_SERVER_HOLD_SECONDS": "30"}
    with app_terminal(home, "demo", "--rate", "0", "--keep", str(kept), env=held) as terminal:
        ready(terminal)
        terminal.wait_for(r"DEMO, nothing leaves this machine")
        terminal.wait_for(r"read the draft, then a approves, r rejects")
        terminal.wait_for(r"pending 12 ")

        decide(terminal, "a", r"✓ approved \S+, leaves in \d+ \w+ · u undo")
        sent_to = re.search(r"approved (\S+),", terminal.text())
        assert sent_to is not None
        terminal.wait_for(r"pending 11 +leaving 1 ")

        decide(terminal, "a", r"pending 10 +leaving 2 ")
        decide(terminal, "u", r"undone: \S+ is pending again")
        terminal.wait_for(r"pending 11 +leaving 1 ")

        decide(terminal, "r", r"Reject \S+, because of")
        decide(terminal, "3", r"✓ rejected \S+, tone · u undo")
        terminal.wait_for(r"pending 10 ")

        pause_and_resume(terminal)

        eventually(lambda: bool(outbox(kept)), terminal, "the approved mail in the outbox")
        terminal.press("5")
        terminal.wait_for(r"leaving 0 ")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert terminal.modes_left() == []
        assert terminal.offspring() == []
    mails = outbox(kept)
    assert len(mails) == 1
    recipient = message_from_bytes(mails[0].read_bytes(), policy=default)["To"]
    assert sent_to[1] in recipient


def test_the_server_of_a_killed_demo_ends_by_itself_and_removes_its_folder(home: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with app_terminal(home, "demo", "--rate", "0", env={"TMPDIR": str(scratch)}) as terminal:
        ready(terminal)
        server = [pid for pid in terminal.offspring() if pid != terminal.pid]
        terminal.signal(signal.SIGKILL)
        until(lambda: not leftovers(server[0]), "the end of the demo's server")
        until(lambda: not list(scratch.iterdir()), "the end of the demo's folder")


def test_a_newcomer_reads_on_the_screen_what_to_press_also_at_80_by_24(home: Path) -> None:
    with app_terminal(home, "demo", "--rate", "0", cols=80, rows=24) as terminal:
        ready(terminal)
        terminal.wait_for(r"a approve +r reject")
        terminal.wait_for(r"\? help")
        decide(terminal, "a", r"approved \S+")
