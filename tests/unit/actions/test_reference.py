"""The docs tell the keys that the app has."""

from __future__ import annotations

from pathlib import Path

from cc_tui.actions.reference import key_reference


def test_the_page_of_the_docs_is_the_registrys() -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "keys.md"
    assert page.read_text() == key_reference(), "run: python -m cc_tui.actions.reference > docs/reference/keys.md"
