"""The reference of the server says what the program says."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from cc_server.cli.reference import PAGES
from cc_server.config import SETTINGS, ServerSettings, SmtpSettings

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


@pytest.mark.parametrize("name", PAGES)
def test_the_page_of_the_docs_is_the_programs(name: str) -> None:
    page = REFERENCE / f"{name}.md"
    how = f"run: python -m cc_server.cli.reference {name} > docs/reference/{name}.md"
    assert page.read_text() == PAGES[name](), how


def test_every_setting_has_a_meaning() -> None:
    known = {one.name for one in fields(ServerSettings)} - {"smtp"}
    known |= {f"smtp.{one.name}" for one in fields(SmtpSettings)}
    assert set(SETTINGS) == known
    assert all(setting.meaning and setting.default for setting in SETTINGS.values())
