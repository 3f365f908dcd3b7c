"""`cc-server policy`: a file is checked before it holds, shown with what it means, and put in force."""

from __future__ import annotations

from pathlib import Path

import pytest

from cc_api_client.models.outbox.policy import PolicyBody
from cc_server.cli.main import main
from cc_server.cli.policy import as_toml, read
from cc_server.domain.policy.default import DEFAULT_POLICY

WRITTEN = 'version = "v7"\nsafe_kinds = ["follow_up"]\nrisk_below = 20\ndaily_cap = 50\nagent_min_success = 0.9\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "policy.toml"
    file.write_text(WRITTEN)
    return file


def test_a_policy_is_checked_and_named_with_its_mark(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", str(file)]) == 0
    assert capsys.readouterr().out.startswith(f"{file} is the policy v7 (v7+")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('version = "v7"\nrisk_belw = 3\n', "line 2: risk_belw is no part of a policy; did you mean risk_below?"),
        ('version = "v7"\n\nrisk_below = "3"\n', "line 3: risk_below: "),
        ('version = "v7"\nsafe_kinds = ["proposal"]\n', "line 2: safe_kinds: 'proposal' is none of email, "),
        ('version = "v7"\ndeny_flags = ["placeholders"]\n', "line 2: deny_flags: 'placeholders' is none of "),
        ("risk_below = 3\n", "version: is missing"),
        ('version = "v7"\nhold_seconds = 2026-01-01\n', "line 2: hold_seconds: "),
        ("version =", "not TOML"),
        (f"version = {'[' * 5_000}", "nested too deeply"),
        (f"version{'.a' * 5_000} = 1", "nested too deeply"),
        ("\x00", "not TOML"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_would_be_right(
    file: Path, capsys: pytest.CaptureFixture[str], written: str, told: str
) -> None:
    file.write_text(written)
    assert main(["policy", "check", str(file)]) == 1
    assert told in capsys.readouterr().err


def test_what_is_no_text_or_not_there_is_told(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(b"\xff\xfe")
    assert main(["policy", "check", str(file)]) == 1
    assert "is not UTF-8 text" in capsys.readouterr().err
    assert main(["policy", "check", str(file.with_name("nothing"))]) == 1
    assert "can't read" in capsys.readouterr().err


def test_what_is_shown_is_a_file_of_the_same_policy(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "show", str(file)]) == 0
    shown = file.with_name("shown.toml")
    shown.write_text(capsys.readouterr().out)
    assert read(shown) == read(file)


def test_the_default_policy_can_be_written_down_and_read_again(file: Path) -> None:
    file.write_text(as_toml(DEFAULT_POLICY))
    assert "left out: no cap" in file.read_text()
    assert "null" not in file.read_text()
    assert read(file) == PolicyBody(**DEFAULT_POLICY.model_dump())


def test_a_policy_that_is_put_in_force_is_the_one_that_is_shown(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    db = ["--db", str(file.with_name("house.db"))]
    assert main(["init", *db]) == 0
    capsys.readouterr()
    assert main(["policy", "show", *db]) == 0
    assert 'version = "default-1"' in capsys.readouterr().out
    assert main(["policy", "use", str(file), *db]) == 0
    assert "The policy v7 (v7+" in capsys.readouterr().err
    assert main(["policy", "show", *db]) == 0
    assert "risk_below = 20" in capsys.readouterr().out


def test_without_a_database_nothing_is_put_in_force(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "use", str(file), "--db", str(file.with_name("none.db"))]) == 1
    assert "none.db" in capsys.readouterr().err
