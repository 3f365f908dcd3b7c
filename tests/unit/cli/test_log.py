"""The log of a run goes to its file and nowhere else."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from cc_tui.cli.launch import log_to


@pytest.fixture(autouse=True)
def _root_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers = handlers
    root.setLevel(level)


def test_what_is_logged_is_in_a_file_in_a_folder_of_the_operators_own(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log_to(tmp_path / "state" / "cc-tui.log")
    logging.getLogger("cc_tui.anything").warning("the link is gone")
    assert "WARNING cc_tui.anything the link is gone" in (tmp_path / "state" / "cc-tui.log").read_text(encoding="utf-8")
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert capfd.readouterr() == ("", "")


def test_a_log_that_cannot_be_written_is_left_out(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    log_to(tmp_path / "file" / "cc-tui.log")
    logging.getLogger("cc_tui.anything").error("the link is gone")
    assert capfd.readouterr() == ("", "")
