"""What the connect form was given goes into the config file, and the rest of the file stays."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest

from cc_tui.config.load import load_config
from cc_tui.config.save import save_connection

KEY = "cc_live_0123456789abcdef"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_first_connection_makes_a_private_file_in_a_private_folder(tmp_path: Path) -> None:
    file = tmp_path / "command-center" / "config.toml"
    save_connection(file, "https://cc.example", KEY, "c1")
    assert tomllib.loads(file.read_text()) == {"url": "https://cc.example", "api_key": KEY, "client": "c1"}
    assert (mode_of(file), mode_of(file.parent)) == (0o600, 0o700)


def test_comments_order_and_other_settings_stay(file: Path) -> None:
    top = "# mine\ntab = 'agents'   # most of the time\nurl = 'http://old' # at home\n"
    file.write_text(f"{top}\n[guard]\n# slow hands\nhold_ms = 400\n")
    save_connection(file, "http://new", KEY, "")
    after = file.read_text()
    for kept in (
        "# mine\n",
        "tab = 'agents'   # most of the time\n",
        "# at home",
        "[guard]\n# slow hands\nhold_ms = 400\n",
    ):
        assert kept in after
    config = load_config(file, None, {}, {})
    assert (config.url, config.api_key, config.tab, config.guard.hold_ms) == ("http://new", KEY, "agents", 400)


def test_a_file_of_tables_only_gets_its_connection_outside_of_them(file: Path) -> None:
    file.write_text("[guard]\nhold_ms = 400\n\n[profiles.work]\nurl = 'http://work'\n")
    save_connection(file, "http://new", KEY, "c1")
    told = tomllib.loads(file.read_text())
    assert (told["url"], told["api_key"], told["client"]) == ("http://new", KEY, "c1")
    assert (told["guard"], told["profiles"]) == ({"hold_ms": 400}, {"work": {"url": "http://work"}})


def test_a_file_that_others_could_read_is_theirs_no_longer(file: Path) -> None:
    file.write_text("tab = 'agents'\n")
    file.chmod(0o644)
    save_connection(file, "http://new", KEY, "")
    assert mode_of(file) == 0o600


def test_what_is_typed_can_hold_any_sign(file: Path) -> None:
    odd = 'quote " backslash \\ newline \n é'
    save_connection(file, odd, KEY, odd)
    config = load_config(file, None, {}, {})
    assert (config.url, config.client) == (odd, odd)


def test_nothing_is_left_beside_the_file(file: Path) -> None:
    for _ in range(2):
        save_connection(file, "http://new", KEY, "")
    assert list(file.parent.iterdir()) == [file]


def test_a_file_that_is_no_toml_is_left_alone(file: Path) -> None:
    file.write_text("url = = 3\n")
    with pytest.raises(ValueError, match="is not TOML") as caught:
        save_connection(file, "http://new", KEY, "")
    assert KEY not in str(caught.value)
    assert file.read_text() == "url = = 3\n"


def test_a_file_that_cant_be_written_is_left_alone(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("tab = 'agents'\n")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cc_tui.config.save.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_connection(file, "http://new", KEY, "")
    assert file.read_text() == "tab = 'agents'\n"
    assert list(file.parent.iterdir()) == [file]


def test_what_lay_beside_the_file_lends_it_no_mode(file: Path) -> None:
    beside = file.with_suffix(".new")
    beside.write_text("")
    beside.chmod(0o644)
    save_connection(file, "http://new", KEY, "")
    assert mode_of(file) == 0o600


def test_a_config_that_is_a_link_stays_one(tmp_path: Path, file: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text("tab = 'agents'\n")
    file.symlink_to(real)
    save_connection(file, "http://new", KEY, "")
    assert file.is_symlink()
    assert tomllib.loads(real.read_text())["url"] == "http://new"


def test_a_client_that_was_emptied_is_gone(file: Path) -> None:
    save_connection(file, "http://new", KEY, "c1")
    save_connection(file, "http://new", KEY, "")
    assert load_config(file, None, {}, {}).client == ""
