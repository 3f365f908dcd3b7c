"""The first frame is drawn without Textual, and says nothing that the app does not say at the same place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from rich.color import ColorSystem

from cc_tui.text.signs import signs_for
from cc_tui.ui.first_frame import as_written, colours_of, first_frame
from cc_tui.ui.terminal.picture import Picture
from cc_tui.ui.terminal.styles import Styles
from cc_tui.ui.themes.look import Look, choose_look
from cc_tui.ui.themes.tokens import PALETTES
from cc_tui.ui.widgets.line import Line
from tests.tui.desk import app_of
from tests.tui.piloting import settled


@pytest.mark.parametrize("tab", ["approvals", "agents"])
@pytest.mark.parametrize("size", [(120, 40), (80, 24), (45, 24), (40, 10)])
async def test_what_it_says_is_at_its_place(tmp_path: Path, size: tuple[int, int], tab: str) -> None:
    app = app_of(tmp_path, tab=tab)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        shown = [strip.text for strip in app.screen._compositor.render_strips()]
        drawn = [line.text(size[0]) for line in first_frame(app.session, app.look, *size, is_demo=False)]
    assert len(drawn) == size[1]
    assert tab.title() in drawn[1]
    assert ("@" in "".join(drawn)) is (tab == "approvals")
    for early, late in zip(drawn, shown, strict=True):
        for cell, later in zip(early, late, strict=True):
            assert cell in (" ", later), f"{early!r} became {late!r}"


@pytest.mark.parametrize("colours", [ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT, ColorSystem.STANDARD])
@pytest.mark.parametrize("palette", list(PALETTES))
def test_it_is_written_in_text_styles_and_moves_alone(palette: str, colours: ColorSystem) -> None:
    look = Look(PALETTES[palette], signs_for(True))
    lines = [Line().add("Approvals").end("✓ é"), Line()]
    picture = Picture(Styles())
    picture.become(20, 2)
    assert picture.draw(as_written(lines, 20, look, colours))
    assert "".join(picture.rows[0].shown).startswith("Approvals")
    assert all(cell.isascii() for cell in picture.rows[0].shown if cell not in "é")


def test_it_has_the_colours_that_the_terminal_has() -> None:
    look = choose_look("dark", False, {})
    assert colours_of({"COLORTERM": "truecolor", "TERM": "xterm"}) is ColorSystem.TRUECOLOR
    assert colours_of({"TERM": "xterm-256color"}) is ColorSystem.EIGHT_BIT
    assert colours_of({"TERM": "xterm"}) is ColorSystem.STANDARD
    assert "38;2;" in as_written([Line().add("a")], 1, look, ColorSystem.TRUECOLOR)
    assert "38;5;" in as_written([Line().add("a")], 1, look, ColorSystem.EIGHT_BIT)


def test_it_imports_no_textual() -> None:
    told = "import sys, cc_tui.ui.first_frame; sys.exit(any(name.split('.')[0] == 'textual' for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == 0
