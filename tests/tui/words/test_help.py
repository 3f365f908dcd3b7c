"""The help: nothing in it is cut, and it says why something can't be done now."""

from __future__ import annotations

from pathlib import Path

import pytest

from cc_tui.text.legend import SIGNS, WORDS
from cc_tui.ui.app import CommandCenter
from cc_tui.ui.dialogs.pages import PageSheet
from tests.tui.desk import app_of
from tests.tui.piloting import press, settled


def told(app: CommandCenter, width: int) -> str:
    """What the help says, without line breaks."""
    sheet = app.overlays.sheet
    assert isinstance(sheet, PageSheet)
    return " ".join(" ".join(line.text(width) for _title, page in sheet.pages[1:] for line in page(width)).split())


@pytest.mark.parametrize("width", [45, 80, 120])
async def test_every_sentence_is_whole_at_every_width(tmp_path: Path, width: int) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(width, 30)) as pilot:
        await settled(pilot)
        await press(pilot, "question_mark")
        words = told(app, width)
        for sentence in (*(action.help for action in app.keymap.actions), *SIGNS.values(), *WORDS.values()):
            assert sentence in words


async def test_what_belongs_to_another_tab_is_not_told_as_usable(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "question_mark")
        assert "claim no more ▲ not here: 3 goes to the agents" in told(app, 120)
        await press(pilot, "escape")
        await press(pilot, "3")
        await press(pilot, "question_mark")
        assert "Let the draft out after its hold ▲ not here: 5 goes to the approvals" in told(app, 120)
        assert "claim no more ▲" not in told(app, 120)


async def test_why_a_verb_can_not_be_used_on_this_row_is_told(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "question_mark")
        assert "try a failed one again ▲" in told(app, 120)


@pytest.mark.parametrize("tab", ["approvals", "dashboard", "agents"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_keys_of_here_are_one_page_and_none_is_cut(tmp_path: Path, tab: str, size: tuple[int, int]) -> None:
    app = app_of(tmp_path, tab=tab)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await press(pilot, "question_mark")
        sheet = app.overlays.sheet
        assert isinstance(sheet, PageSheet)
        assert len(sheet.pane.lines) <= sheet.pane.size.height
        words = [line.text(size[0]).split() for line in sheet.pane.lines]
        assert ["?", "Help"] in [row[at : at + 2] for row in words for at in range(len(row))]
        assert not any("…" in piece for row in words for piece in row)


async def test_what_has_no_use_on_a_tab_is_not_among_its_keys(tmp_path: Path) -> None:
    app = app_of(tmp_path, tab="dashboard")
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "question_mark")
        sheet = app.overlays.sheet
        assert isinstance(sheet, PageSheet)
        words = "\n".join(line.text(80) for line in sheet.pane.lines)
        assert "Sort" in words
        assert "Filter" not in words


async def test_the_pages_of_the_help_are_turned_and_begin_at_their_tops(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "question_mark")
        await press(pilot, "l")
        await press(pilot, "G")
        await press(pilot, "l")
        sheet = app.overlays.sheet
        assert isinstance(sheet, PageSheet)
        assert sheet.pane.top == 0
        assert "the row that keys act on" in sheet.pane.lines[1].text(80)
