"""The operator's own editor in a real terminal: it has the screen alone, and the app goes on behind it."""

from __future__ import annotations

from pathlib import Path

from rig.direct_api import DirectApi
from rig.pty_app import Backend, app_terminal
from tests.e2e.conftest import eventually, ready, statuses

EDITOR = """#!/bin/sh
echo "in the editor"
until [ -e "$(dirname "$0")/go" ]; do sleep 0.1; done
echo "one more line" >> "$1"
"""


def test_an_edit_in_the_operators_editor_is_saved_and_the_screen_comes_back(
    home: Path, backend: Backend, api: DirectApi, tmp_path: Path
) -> None:
    script = tmp_path / "editor"
    script.write_text(EDITOR)
    script.chmod(0o700)
    with app_terminal(
        home, "--tab", "approvals", backend=backend, env={"VISUAL": str(script), "EDITOR": str(script)}
    ) as terminal:
        ready(terminal)
        pending = statuses(api)["pending"]
        terminal.press("E")
        terminal.wait_for(r"in the editor")
        terminal.wait_gone(r"live\s*$")
        (tmp_path / "go").touch()
        terminal.wait_for(r"saved \S+; it still waits for your word")
        terminal.wait_for(r"live\s*$")
        eventually(lambda: statuses(api)["pending"] == pending, terminal, "the draft to wait still")
        terminal.wait_silent(1.0)  # keys that were pressed in the editor are not meant for the app
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert terminal.modes_left() == []
