"""Runs the app on this terminal, and tells what is left to say when it has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_tui.session import Session
from cc_tui.ui.app import CommandCenter

if TYPE_CHECKING:
    from cc_api_client.ahead import Ahead
    from cc_tui.config.endpoint import EndpointSource
    from cc_tui.sync.first_rows import FirstRows


def run(
    session: Session, demo: EndpointSource | None, first_rows: Ahead[FirstRows] | None = None
) -> tuple[int, list[str]]:
    """Run the app of a session on this terminal; returns the exit code and what is left to say to the shell.

    Raises:
        KeyClash: the config gives one key to two actions.
    """
    app = CommandCenter(session.config, demo, session, first_rows)
    code = app.run()
    return (code if code is not None else 1), app.opening.last_words
