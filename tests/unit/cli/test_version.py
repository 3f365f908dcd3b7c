"""The version that is printed is the package's."""

from __future__ import annotations

import tomllib
from pathlib import Path

from cc_tui.cli import VERSION

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"


def test_the_version_that_is_printed_is_that_of_the_package() -> None:
    assert tomllib.loads(PYPROJECT.read_text())["project"]["version"] == VERSION
