"""The files outside the database: the key of the seals and the anchor."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from cc_server.sealing.anchor import Anchor, read_anchor, write_anchor
from cc_server.sealing.keys import SealingError, add_key, make_keys, read_keys


def test_a_key_is_readable_by_its_owner_alone_and_shown_in_no_repr(tmp_path: Path) -> None:
    file = tmp_path / "audit-key"
    keys = make_keys(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(keys.newest) == 32
    assert keys.newest.hex() not in repr(keys)
    assert repr(keys.newest) not in repr(keys)


@pytest.mark.parametrize(
    "write",
    [make_keys, lambda file: add_key(file, 10), lambda file: write_anchor(file, Anchor("e", 1, "0" * 64))],
    ids=["a key", "another key", "an anchor"],
)
def test_what_was_written_and_its_name_are_on_disk(
    write: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        fsync(descriptor)
        synced.append(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(os, "fsync", noted)
    write(tmp_path / "k")
    assert synced == [(tmp_path / "k").stat().st_ino, tmp_path.stat().st_ino]


def test_whoever_makes_a_key_second_gets_the_first(tmp_path: Path) -> None:
    assert make_keys(tmp_path / "k") == make_keys(tmp_path / "k") == read_keys(tmp_path / "k")


def test_no_file_is_no_key(tmp_path: Path) -> None:
    assert read_keys(tmp_path / "k") is None


def test_a_new_key_seals_from_its_first_row_on_and_the_old_one_stays(tmp_path: Path) -> None:
    old = make_keys(tmp_path / "k")
    both = add_key(tmp_path / "k", 10)
    assert (both.of(9), both.of(10)) == (old.newest, both.newest)
    assert both.newest != old.newest
    assert both.of(0) is None
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["k"]


def test_a_key_that_others_may_read_is_refused_with_what_to_do(tmp_path: Path) -> None:
    make_keys(tmp_path / "k")
    (tmp_path / "k").chmod(0o640)
    with pytest.raises(SealingError, match="chmod 600"):
        read_keys(tmp_path / "k")


@pytest.mark.parametrize("text", ["", "# only words\n", "1 abc\n", f"0 {'a' * 64}\n", f"2 {'a' * 64}\n1 {'b' * 64}\n"])
def test_a_damaged_key_is_refused_without_being_shown(tmp_path: Path, text: str) -> None:
    (tmp_path / "k").write_text(text)
    (tmp_path / "k").chmod(0o600)
    with pytest.raises(SealingError, match="damaged") as told:
        read_keys(tmp_path / "k")
    assert "aaaa" not in str(told.value)


def test_a_key_where_nothing_can_be_made_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SealingError, match="can't be made"):
        make_keys(tmp_path / "nowhere" / "k")


def test_an_anchor_is_read_as_it_was_written(tmp_path: Path) -> None:
    file, anchor = tmp_path / "anchor", Anchor("e", 7, "a" * 64)
    assert read_anchor(file) is None
    write_anchor(file, Anchor("e", 3, "b" * 64))
    write_anchor(file, anchor)
    assert read_anchor(file) == anchor
    assert [one.name for one in tmp_path.iterdir()] == ["anchor"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"epoch": "e", "seq": "x", "seal": ""}'])
def test_a_damaged_anchor_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "anchor").write_text(text)
    with pytest.raises(SealingError, match="damaged"):
        read_anchor(tmp_path / "anchor")
