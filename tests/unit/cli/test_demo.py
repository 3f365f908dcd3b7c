"""The demo's server and its folder: made, held, and removed by whoever finds it dead."""

from __future__ import annotations

import asyncio
import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cc_tui.config.endpoint import NoEndpoint
from cc_tui.demo import PREFIX, Demo, DemoSettings, _first_line, remove_dead_demos
from rig.direct_api import DirectApi
from rig.pty_app import Backend


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of temporary files of its own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    return tmp_path / "tmp"


def demo_folder(temporary: Path, name: str) -> Path:
    """A folder as a demo leaves it when its app and its server are killed."""
    folder = temporary / f"{PREFIX}{name}"
    folder.mkdir()
    (folder / "lock").touch()
    (folder / "demo.db").write_text("drafts")
    return folder


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """A demo that lives: it has the lock of its folder."""
    descriptor = os.open(folder / "lock", os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        yield
    finally:
        os.close(descriptor)


def test_only_folders_whose_lock_is_free_are_removed(temporary: Path) -> None:
    dead, living = demo_folder(temporary, "1-dead"), demo_folder(temporary, "2-living")
    with held(living):
        remove_dead_demos()
        assert not dead.exists()
        assert (living / "demo.db").read_text() == "drafts"
    remove_dead_demos()
    assert not living.exists()


def test_what_an_ended_demo_wrote_after_its_folder_was_removed_goes_and_one_that_begins_is_left_alone(
    temporary: Path,
) -> None:
    left, begun = temporary / f"{PREFIX}1-left", temporary / f"{PREFIX}2-begun"
    for folder in (left, begun):
        (folder / "journal").mkdir(parents=True)
    hour_ago = time.time() - 3600
    os.utime(left, (hour_ago, hour_ago))
    remove_dead_demos()
    assert [path.name for path in temporary.iterdir()] == [begun.name]


def test_what_is_not_a_demos_is_left_alone(temporary: Path) -> None:
    (temporary / "my-cc-tui-demo-notes").mkdir()
    (temporary / f"{PREFIX}a-file").write_text("mine")
    remove_dead_demos()
    assert {path.name for path in temporary.iterdir()} == {"my-cc-tui-demo-notes", f"{PREFIX}a-file"}


def test_a_link_leads_nowhere(temporary: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (temporary / f"{PREFIX}link").symlink_to(mine)
    remove_dead_demos()
    assert list(mine.iterdir()) == []


def test_a_folder_that_was_to_be_kept_is_kept(temporary: Path) -> None:
    demo = Demo(DemoSettings(approvals=1, rate=0.0, keep=temporary / f"{PREFIX}of-friday"))
    demo.close()
    assert demo.folder.is_dir()
    remove_dead_demos()
    assert demo.folder.is_dir()


async def test_a_demo_answers_is_left_alone_by_others_and_leaves_nothing(temporary: Path) -> None:
    demo = Demo(DemoSettings(approvals=3, rate=0.0, seed=5))
    try:
        endpoint = await demo.ready()
        with DirectApi(Backend(endpoint.url, endpoint.api_key, 0)) as api:
            assert len(api.approvals()) == 3
        remove_dead_demos()
        assert (demo.folder / "demo.db").is_file()
        assert demo.folder.stat().st_mode & 0o077 == 0
    finally:
        demo.close()
    assert list(temporary.iterdir()) == []


async def test_two_demos_cant_share_a_folder(temporary: Path) -> None:
    kept = demo_folder(temporary, "kept")
    with held(kept), pytest.raises(BlockingIOError):
        Demo(DemoSettings(keep=kept))
    assert (kept / "demo.db").exists()


async def test_a_server_that_does_not_start_is_said_with_its_last_words() -> None:
    demo = Demo(DemoSettings(approvals=-1))
    try:
        with pytest.raises(NoEndpoint, match=r"the demo's server did not start: .*approvals"):
            await demo.ready()
    finally:
        demo.close()
    assert not demo.folder.exists()


def test_who_leaves_while_the_server_starts_does_not_wait_for_it() -> None:
    silent, never = os.pipe()

    async def leave() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(_first_line(silent), 0.01)

    asyncio.run(leave())  # a thread that reads would hold this up for ever
    os.close(never)


@pytest.mark.parametrize(
    ("approvals", "told"),
    [
        (12, "with a month of history; this takes some seconds"),
        (30_000, "with a month of history and 30,000 drafts; this takes about a minute"),
        (100_000, "with a month of history and 100,000 drafts; this takes about 2 minutes"),
    ],
)
def test_how_long_the_start_takes_is_told_by_what_is_made(approvals: int, told: str) -> None:
    assert DemoSettings(approvals=approvals).told == told
