"""What the commands say to who sets up a server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cc_server.cli.main import main


@pytest.fixture
def db(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    made = tmp_path / "business.db"
    assert main(["init", "--db", str(made)]) == 0
    capsys.readouterr()
    return made


@pytest.mark.parametrize("name", ["", " ana", "an\x1ba", "system"])
def test_a_name_that_no_key_can_have_leaves_no_database(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main(["init", "--db", str(tmp_path / "new.db"), "--name", name]) == 1
    assert "name" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_clients_are_listed_with_their_ids_and_a_name_that_cant_act_on_the_terminal(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = {}
    for name in ("Beta", "Acme\x1b[2J Dental"):
        assert main(["clients", "add", name, "--db", str(db)]) == 0
        ids[name[:4]] = capsys.readouterr().out.strip()
    assert main(["clients", "list", "--db", str(db)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{ids['Acme']}\tactive\t")
    assert first.endswith("\tAcme\N{REPLACEMENT CHARACTER}[2J Dental")
    assert second.startswith(f"{ids['Beta']}\tactive\t")


def test_a_key_for_an_unknown_client_is_refused_with_where_the_ids_are(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "create", "ana", "--client", "THE-ID", "--db", str(db)]) == 1
    assert capsys.readouterr().err == (
        "cc-server: there is no client 'THE-ID'; see them with: cc-server clients list\n"
    )


def test_a_backup_into_a_folder_that_is_not_there_names_the_folder(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = db.parent / "nowhere" / "copy.db"
    assert main(["backup", "--db", str(db), "--to", str(target)]) == 1
    assert f"there is no folder {target.parent}; make it." in capsys.readouterr().err


def test_a_second_client_of_a_name_is_added_only_where_that_is_meant(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["clients", "add", "Acme Dental", "--db", str(db)]) == 0
    first = capsys.readouterr().out.strip()
    assert main(["clients", "add", " acme  DENTAL", "--db", str(db)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        f"cc-server: there is a client 'Acme Dental' already, {first}; to add another of that name, say --force\n"
    )
    assert main(["clients", "add", "Acme Dental", "--force", "--db", str(db)]) == 0
    assert capsys.readouterr().out.strip() != first
    assert main(["clients", "list", "--db", str(db)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_name_that_no_client_can_have_is_refused(db: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main(["clients", "add", name, "--db", str(db)]) == 1
    assert capsys.readouterr().err == "cc-server: a client's name has 1 to 200 characters\n"


@pytest.mark.parametrize("command", [["keys", "list"], ["audit", "export"]])
def test_output_that_nobody_reads_to_its_end_is_told_in_a_sentence(db: Path, command: list[str]) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "w") as broken:
        done = subprocess.run(
            [sys.executable, "-m", "cc_server", *command, "--db", str(db)],
            check=False, stdout=broken, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "cc-server: what it wrote was not read to its end\n")
