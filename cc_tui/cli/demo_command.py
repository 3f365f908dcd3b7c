"""`cc-tui demo`: the demo's server and the app, started together and ended together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from cc_tui.cli.launch import FAILED, USAGE, complain, missing_terminal, run_app
from cc_tui.config.load import ConfigMistake, load_config
from cc_tui.demo import Demo, DemoSettings, remove_dead_demos

NEEDS_SERVER = "the demo needs the server's part; where the source is: pip install '.[server]' (make demo does it)"


def run_demo(settings: DemoSettings, flags: Mapping[str, object]) -> int:
    """Run the demo; returns the exit code."""
    if find_spec("fastapi") is None or find_spec("sqlalchemy") is None:
        return complain(NEEDS_SERVER, FAILED)
    given = {name: value for name, value in flags.items() if value not in (None, False)}
    try:
        config = load_config(Path(os.devnull), None, {**given, "tab": "approvals"}, {})
    except ConfigMistake as mistake:
        return complain(str(mistake), USAGE)
    if (missing := missing_terminal()) is not None:
        return complain(missing, USAGE)
    remove_dead_demos()
    try:
        demo = Demo(settings)
    except BlockingIOError:
        return complain(f"another demo uses {settings.keep}; name another folder", FAILED)
    except OSError as error:
        return complain(f"the demo's folder can't be made: {error}", FAILED)
    try:
        journal_dir, log_file = str(demo.folder / "journal"), str(demo.folder / "cc-tui.log")
        return run_app(replace(config, journal_dir=journal_dir, log_file=log_file), demo)
    finally:
        demo.close()
