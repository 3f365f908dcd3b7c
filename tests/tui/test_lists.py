"""What the lists do: sorting, opening, marking, filtering, being empty."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from cc_tui.actions.action import Where
from cc_tui.state.approvals.rows import View
from cc_tui.ui.tabs.agents.tab import AgentsTab
from cc_tui.ui.tabs.approvals import moves
from cc_tui.ui.tabs.approvals.tab import ApprovalsTab
from cc_tui.ui.tabs.dashboard.tab import DashboardTab
from cc_tui.ui.tabs.runs import short_id
from cc_tui.ui.widgets.canvas import Canvas
from tests.tui.desk import app_of
from tests.tui.piloting import command_center, press, said, settled


def text_of(canvas: Canvas) -> str:
    """What it shows."""
    width, height = canvas.size
    return "\n".join(line.text(width) for line in canvas.draw(width, height))


def footer_of(pilot: Pilot[Any]) -> str:
    return text_of(command_center(pilot).frame.footer)


async def test_runs_are_sorted_by_a_letter_and_turned_round_by_the_same_again(tmp_path: Path) -> None:
    app = app_of(tmp_path, tab="dashboard")
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        tab = app.tab
        assert isinstance(tab, DashboardTab)

        def costs() -> list[float]:
            runs = [tab.rows.run_of(tab.rows.key_at(place)) for place in range(tab.rows.count())]
            return [float(run.cost_estimate_usd) for run in runs if run is not None and run.cost_estimate_usd]

        await press(pilot, "s")
        assert "c cost" in said(app)
        await press(pilot, "c")
        assert costs() == sorted(costs(), reverse=True)
        assert tab.table.cursor == 0
        assert "↓ Cost" in text_of(tab.table)
        await press(pilot, "s")
        await press(pilot, "c")
        assert costs() == sorted(costs())
        assert "↑ Cost" in text_of(tab.table)


async def test_agents_are_sorted_and_those_without_the_figure_come_last(tmp_path: Path) -> None:
    app = app_of(tmp_path, tab="agents")
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        tab = app.tab
        assert isinstance(tab, AgentsTab)
        await press(pilot, "s")
        await press(pilot, "h")
        agents = app.session.known.agents.agents
        ordered = [agents[tab.rows.key_at(place)].cost_1h_usd for place in range(tab.rows.count())]
        told = [cost for cost in ordered if cost is not None]
        assert told == sorted(told, reverse=True)
        assert ordered == [*told, *[None] * (len(ordered) - len(told))]


async def test_a_letter_that_sorts_nothing_says_what_would(tmp_path: Path) -> None:
    app = app_of(tmp_path, tab="agents")
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "s")
        await press(pilot, "x")
        assert said(app).startswith("not sorted: n name")


def test_runs_of_one_moment_are_told_apart_by_the_end_of_their_ids() -> None:
    assert short_id("01a214ce-6773-7000-a84a-0962e33d5404") == "5404"
    assert short_id("01a214ce-6774-7000-8478-3578c14f9d0c") == "9d0c"


async def test_a_run_is_opened_from_its_agent_and_left_layer_by_layer(tmp_path: Path) -> None:
    app = app_of(tmp_path, tab="agents")
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        tab = app.tab
        assert isinstance(tab, AgentsTab)
        for key in ("j", "j", "enter", "j", "enter"):
            await press(pilot, key)
        wanted = tab.one.rows.key_at(1)
        assert tab.one.run_id == wanted
        assert f"Run {wanted[-8:]}" in text_of(tab.one.body)
        assert "Steps" in text_of(tab.one.body)
        assert wanted in app.session.backstage.sync.watch.looked_at  # type: ignore[union-attr]
        await press(pilot, "escape")
        assert tab.one.run_id is None
        assert tab.one.agent_id == "outreach"
        await press(pilot, "escape")
        assert tab.one.agent_id is None


async def test_the_log_of_an_open_agent_stands_at_its_newest_line_and_is_stopped_and_narrowed_there(
    tmp_path: Path,
) -> None:
    app = app_of(tmp_path, tab="agents")
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        tab = app.tab
        assert isinstance(tab, AgentsTab)
        await press(pilot, "enter")
        assert Where.LOGS not in tab.places()
        await press(pilot, "l")
        newest = app.session.known.agents.logs["lead-qualifier"][-1].message
        assert newest in text_of(tab.one.body).splitlines()[-1]
        assert "log, following" in text_of(tab.one.head)
        await press(pilot, "k")
        assert newest not in text_of(tab.one.body)
        assert "log, standing" in text_of(tab.one.head)
        await press(pilot, "f")
        assert newest in text_of(tab.one.body)
        for _quieter in range(2):
            await press(pilot, "v")
        assert "no lines of this level" in text_of(tab.one.body)


async def test_the_footer_names_only_what_does_something_here(tmp_path: Path) -> None:
    app = app_of(tmp_path, tab="agents")
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert "l logs" in footer_of(pilot)
        await press(pilot, "enter")
        assert "l logs" not in footer_of(pilot)
        assert "h l view" in footer_of(pilot)


async def test_a_filter_stays_in_sight_at_every_width(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"risk<40", "enter")
        for size in ((120, 40), (80, 24), (45, 24)):
            await pilot.resize_terminal(*size)
            await settled(pilot)
            assert isinstance(app.tab, ApprovalsTab)
            assert "/risk<40" in text_of(app.tab.views)


async def test_a_filter_over_a_long_list_waits_for_a_pause_of_the_keys_and_enter_takes_it_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moves, "LONG_LIST", 1)
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        queue = app.session.lists[View.PENDING]
        await pilot.press("slash", *"risk<")
        assert app.overlays.prompt is not None
        assert (queue.filter_text, app.overlays.prompt.mistake is not None) == ("", True)
        await pilot.press("4", "0")
        await pilot.pause(2 * moves.PAUSE_SECONDS)
        assert queue.filter_text == "risk<40"
        await pilot.press("backspace", "5", "enter")
        await settled(pilot)
        assert queue.filter_text == "risk<45"


async def test_marking_all_says_how_many_and_the_views_say_what_the_filter_hides(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "*")
        assert said(app) == "marked all 12 shown"
        await pilot.press("slash", *"kind=call", "enter")
        await settled(pilot)
        assert isinstance(app.tab, ApprovalsTab)
        assert "12 marked, 11 not shown" in text_of(app.tab.views)
        await press(pilot, "*")
        assert said(app) == "marked the 1 that the filter shows; 11 more marked are not shown"


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (45, 24)])
async def test_an_empty_view_has_the_whole_room_and_offers_no_verbs(tmp_path: Path, size: tuple[int, int]) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        tab = app.tab
        assert isinstance(tab, ApprovalsTab)
        for _ in range(2):
            await press(pilot, "l")
        assert tab.view is View.PROBLEMS
        assert tab.table.size.width == size[0]
        assert "no problems" in text_of(tab.table)
        assert "approve" not in footer_of(pilot)
        await press(pilot, "h")
        await press(pilot, "h")
        assert (tab.table.size.width == size[0]) is (size[0] < 110)


async def test_tab_gives_the_moving_keys_to_the_draft_and_back(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        tab = app.tab
        assert isinstance(tab, ApprovalsTab)
        await press(pilot, "tab")
        await press(pilot, "j")
        assert (tab.table.cursor, tab.pane.top) == (0, 1)
        await press(pilot, "G")
        assert tab.pane.top == len(tab.pane.lines) - tab.pane.page
        await press(pilot, "escape")
        await press(pilot, "j")
        assert tab.table.cursor == 1
        assert tab.table.is_focused_pane
