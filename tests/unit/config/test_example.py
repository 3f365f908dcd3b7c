"""The example names every setting, and what it sets is what holds without it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cc_tui.config.load import load_config
from cc_tui.config.model import GUARD_SETTINGS, SETTINGS

EXAMPLE = Path(__file__).parents[3] / "config.example.toml"


@pytest.mark.parametrize("name", [setting.name for setting in (*SETTINGS, *GUARD_SETTINGS)])
def test_the_example_names_every_setting(name: str) -> None:
    assert re.search(rf"^(# )?{name} = ", EXAMPLE.read_text(), re.MULTILINE)


def test_the_example_as_it_is_changes_nothing(tmp_path: Path) -> None:
    empty = tmp_path / "empty.toml"
    empty.touch()
    assert load_config(EXAMPLE, None, {}, {}) == load_config(empty, None, {}, {})
