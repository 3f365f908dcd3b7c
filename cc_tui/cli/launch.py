"""Starts the app: config, terminal, log, and the settings that Textual reads when it is imported."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cc_tui.cli.options import AppOptions
from cc_tui.config.load import ConfigMistake, load_config, with_key
from cc_tui.config.model import Config

if TYPE_CHECKING:
    from cc_api_client.ahead import Ahead
    from cc_tui.config.endpoint import EndpointSource
    from cc_tui.sync.first_rows import FirstRows

DONE, FAILED, USAGE = 0, 1, 2
SETTINGS = {
    "TEXTUAL_FPS": "120",
    "TEXTUAL_ANIMATIONS": "none",
    "TEXTUAL_SMOOTH_SCROLL": "0",
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
}
LOW_BANDWIDTH_FPS = "15"
FIRST_ROWS_SECONDS = 0.02
"""How long the first frame waits for the rows that were asked for ahead."""
NO_TERMINAL = (
    "cc-tui draws on a terminal, and {name} is none; start it in one (over ssh: ssh -t HOST cc-tui), without a pipe"
)


def launch_app(options: AppOptions) -> int:
    """Run the app; returns the exit code."""
    try:
        path = Path(options.config).expanduser() if options.config is not None else None
        config = with_key(load_config(path, options.profile, options.flags, os.environ))
    except ConfigMistake as mistake:
        return complain(str(mistake), USAGE)
    return run_app(config, None)


def run_app(config: Config, demo: EndpointSource | None) -> int:
    """Run the app with a config that is at hand; `demo` is the server of a demo that is starting."""
    missing = missing_terminal()
    if missing is not None:
        return complain(missing, USAGE)
    # What is imported stays: the collector would walk it again and again (a tenth of the start). `Opening` turns it on.
    gc.disable()
    first_rows = _asked_ahead(config)
    prepare_textual(config)
    log_to(config.log_path)
    from cc_tui.actions.keymap import KeyClash, Keymap

    try:
        Keymap(config.keys)
    except KeyClash as clash:
        return complain(str(clash), USAGE)
    code, last_words = _drawn_at_once(config, demo, first_rows)
    for sentence in last_words:
        complain(sentence, code)
    return code


def _drawn_at_once(
    config: Config, demo: EndpointSource | None, first_rows: Ahead[FirstRows] | None
) -> tuple[int, list[str]]:
    """Show a first frame, then import what draws all others, and run the app."""
    from cc_tui.session import Session
    from cc_tui.ui.first_frame import show_first_frame
    from cc_tui.ui.terminal.taken import give_back

    session = Session(config)
    here = first_rows.wait(FIRST_ROWS_SECONDS) if first_rows is not None else None
    if here is not None:
        here.show(session.known)
        first_rows = None
    try:
        show_first_frame(session, os.environ, is_demo=demo is not None)
        from cc_tui.ui.run import run

        return run(session, demo, first_rows)
    finally:
        give_back()


def _asked_ahead(config: Config) -> Ahead[FirstRows] | None:
    """The question for the first rows, sent before all that takes time to import."""
    if not (config.url and config.api_key and config.tab == "approvals"):
        return None
    from cc_tui.sync.first_rows import ask_for_first_rows

    return ask_for_first_rows(config.url, config.api_key, config.client or None)


def missing_terminal() -> str | None:
    """A sentence when stdin or stdout is no terminal; Textual would write escapes into a file and hang."""
    for name, stream in (("stdin", sys.stdin), ("stdout", sys.stdout)):
        if stream is None or not stream.isatty():
            return NO_TERMINAL.format(name=name)
    return None


def prepare_textual(config: Config) -> None:
    """Set what Textual reads at import, unless the operator did; send its drawing to stdout's terminal."""
    settings = dict(SETTINGS)
    if config.low_bandwidth:
        settings["TEXTUAL_FPS"] = LOW_BANDWIDTH_FPS
    for name, value in settings.items():
        os.environ.setdefault(name, value)
    if sys.stderr is None or not sys.stderr.isatty():
        # Textual draws on sys.__stderr__: with 2>file that would be a blank screen.
        sys.__stderr__ = sys.__stdout__  # type: ignore[misc]


def log_to(path: Path) -> None:
    """Logs go to a file and nowhere else; one that can't be written is left out."""
    import logging
    from logging.handlers import RotatingFileHandler

    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(path, maxBytes=1_000_000, backupCount=2, encoding="utf-8")
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("websockets").setLevel(logging.WARNING)


def complain(sentence: str, code: int) -> int:
    """Say what went wrong on stderr; returns `code`."""
    sys.stderr.write(f"cc-tui: {sentence}\n")
    return code
