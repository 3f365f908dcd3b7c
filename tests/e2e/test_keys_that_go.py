"""A key that the server does not take any more: what was decided is neither lost nor sent with another one."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from rig.direct_api import DirectApi
from rig.pty_app import CC_SERVER, Backend, app_terminal
from rig.terminal import Terminal, terminal_env
from tests.e2e.conftest import Server, decide, new_key, ready


def revoke(server: Server) -> None:
    """End the key that the app has."""
    argv = [CC_SERVER, "keys", "revoke", "ana", f"--db={server.db}"]
    subprocess.run(argv, capture_output=True, check=True, env=terminal_env())


def take_again(server: Server) -> None:
    """The key is good again, as after a backup was put back."""
    server.kill()
    with closing(sqlite3.connect(server.db)) as db, db:
        db.execute("UPDATE api_keys SET revoked_at = NULL WHERE name = 'ana'")
    server.start()


def decide_without_a_key(terminal: Terminal, server: Server) -> None:
    """Approve the first draft once the key is gone."""
    ready(terminal)
    terminal.wait_silent(1.0)
    revoke(server)
    terminal.wait_for(r"refused\s*$")
    decide(terminal, "a", r"→ undelivered")
    terminal.wait_for(r"kept on this disk until the server takes the key")


def with_key(server: Server, name: str) -> Backend:
    return Backend(server.backend.url, new_key(server.db, name), server.backend.pid)


def test_what_was_decided_while_the_key_was_refused_is_sent_once_it_is_taken_again(home: Path, server: Server) -> None:
    with app_terminal(home, backend=server.backend) as terminal:
        decide_without_a_key(terminal, server)
        take_again(server)
        terminal.wait_for(r"approved \S+")
        terminal.wait_gone(r"→ undelivered")
        with DirectApi(server.backend) as api:
            assert len(api.approvals(status="pending")) == 11


def test_what_a_revoked_key_decided_is_shown_to_another_and_forgotten_on_a_word(home: Path, server: Server) -> None:
    with app_terminal(home, backend=server.backend) as terminal:
        decide_without_a_key(terminal, server)
        terminal.signal(signal.SIGKILL)
        terminal.wait_exit()
    other = with_key(server, "tom")
    with app_terminal(home, backend=other) as terminal, DirectApi(other) as api:
        terminal.wait_for(r"only the key “ana” sends")
        before = len(api.approvals(status="pending"))
        ready(terminal)
        terminal.press(":")
        terminal.wait_for(r"Palette")
        terminal.wait_silent(0.3)
        terminal.type("kept\n")
        terminal.wait_for(r"Forget 1 decision that this key can't send\?")
        terminal.wait_for(r"made\s+with\s+the\s+key\s+“ana”")
        decide(terminal, "y", r"forgotten: 1 decision of another key")
        assert len(api.approvals(status="pending")) == before
    with app_terminal(home, backend=other) as terminal:
        ready(terminal)
        terminal.wait_silent(1.0)
        assert "“ana”" not in terminal.text()
