"""`cc-tui demo`: the demo's server and the app, started together and ended together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from cc_tui.cli.launch import FAILED, complain, run_app
from cc_tui.config.load import ConfigMistake, load_config
from cc_tui.demo import Demo, DemoSettings, remove_dead_demos

NEEDS_SERVER = "the demo needs the server's part: pip install 'command-center[server]' (make demo does it)"


def run_demo(settings: DemoSettings, flags: Mapping[str, object]) -> int:
    """Run the demo; returns the exit code."""
    if find_spec("fastapi") is None or find_spec("sqlalchemy") is None:
        return complain(NEEDS_SERVER, FAILED)
    remove_dead_demos()
    try:
        demo = Demo(settings)
    except OSError as error:
        return complain(f"the demo's folder can't be made: {error}", FAILED)
    try:
        given = {**flags, "journal_dir": str(demo.folder / "journal"), "log_file": str(demo.folder / "cc-tui.log")}
        given = {name: value for name, value in given.items() if value not in (None, False)}
        config = load_config(Path(os.devnull), None, {**given, "tab": "approvals"}, {})
        return run_app(config, demo)
    except ConfigMistake as mistake:
        return complain(str(mistake), FAILED)
    finally:
        demo.close()
