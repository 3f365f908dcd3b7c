"""Changing drafts, and the prompts that ask again."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from cc_tui.decisions.journal import JournalUnavailable, Verb
from tests.tui.desk import app_of
from tests.tui.piloting import change, look, press, said, settled, verbs, write

WAITS = """#!/bin/sh
touch "{folder}/begun"
for _ in $(seq 600); do
  if [ -e "{folder}/go" ]; then exit 0; fi
  sleep 0.1
done
touch "{folder}/gave-up"
"""


async def until(pilot: Pilot[Any], path: Path) -> None:
    for _ in range(3_000):
        if path.exists():
            return
        await pilot.pause(0.02)
    raise AssertionError(f"{path.name} never came")


async def test_a_wrong_amount_is_asked_for_again_and_the_right_one_approves(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        change(app, kind="proposal", payload={"amount_usd": "3500.00"})
        await look(pilot)
        await press(pilot, "a")
        for wrong in ("350", "no"):
            await write(pilot, wrong)
            assert app.overlays.prompt is not None
            assert "that was not it" in app.overlays.prompt.question.label
            assert verbs(app) == []
        await write(pilot, "3500")
        assert app.overlays.prompt is None
        assert verbs(app) == [Verb.APPROVE]


async def test_the_editor_of_the_operator_holds_nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "editor"
    script.write_text(WAITS.format(folder=tmp_path))
    script.chmod(0o700)
    monkeypatch.setenv("VISUAL", str(script))
    app = app_of(tmp_path)
    monkeypatch.setattr(app, "suspend", contextlib.nullcontext)
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        await pilot.press("E")
        await until(pilot, tmp_path / "begun")
        assert not (tmp_path / "gave-up").exists()
        (tmp_path / "go").touch()
        for _ in range(200):
            if "nothing was changed" in said(app):
                break
            await pilot.pause(0.02)
        assert "nothing was changed" in said(app)


async def test_a_journal_that_fails_at_the_end_does_not_keep_the_app_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_of(tmp_path)

    async def fails() -> int:
        raise JournalUnavailable("the disk is gone")

    monkeypatch.setattr(app.session, "close", fails)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("q")
        for _ in range(200):
            if not app.is_running:
                break
            await pilot.pause(0.02)
        assert app.return_code == 0


async def test_saving_what_was_not_changed_says_so_and_asks_the_server_nothing(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        await press(pilot, "e")
        assert app.overlays.sheet is not None
        await press(pilot, "ctrl+s")
        assert app.overlays.sheet is None
        assert said(app) == "nothing was changed, so nothing was saved"


async def test_what_is_typed_before_a_prompt_has_the_keys_stands_in_it(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await look(pilot)
        for letter in ("/", "r", "i"):  # one turn of the loop: nothing is mounted in between
            app.post_message(events.Key(letter, letter))
        await settled(pilot)
        await press(pilot, "s")
        assert app.overlays.prompt is not None
        assert app.overlays.prompt._input.value == "ris"
