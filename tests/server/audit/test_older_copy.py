"""A database that its anchor contradicts is not served until somebody has said why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cc_server.cli.main import main
from cc_server.config import ServerSettings, load_settings
from cc_server.db.errors import DatabaseUnavailable
from cc_server.domain import installation
from cc_server.domain.base import audit
from cc_server.sealing.anchor import Anchor, read_anchor, write_anchor
from rig.house import House
from tests.server.serving import api_of, application_of, settings_of
from tests.support.patience import until_true

on_sqlite = pytest.mark.parametrize("house", ["sqlite"], indirect=True)


def anchor_of(house: House) -> Anchor:
    at = house.db.read_sync(audit.head)
    return Anchor(house.db.read_sync(installation.identity).epoch, at.seq, at.seal)


def is_served(house: House, anchor: Anchor | None) -> bool:
    """Whether a server begins with that anchor beside the database."""
    settings = settings_of(house)
    settings.audit_anchor.unlink(missing_ok=True)
    if anchor is not None:
        write_anchor(settings.audit_anchor, anchor)
    try:
        application_of(house, settings)
    except DatabaseUnavailable as refused:
        assert "older copy, or rows were cut off" in str(refused)
        assert "cc-server restored" in str(refused)
        assert str(settings.audit_anchor) in str(refused)
        return False
    return True


def as_it_is(anchor: Anchor) -> Anchor:
    return anchor


def ahead(anchor: Anchor) -> Anchor:
    return Anchor(anchor.epoch, anchor.seq + 1, "a" * 64)


def of_another_row(anchor: Anchor) -> Anchor:
    return Anchor(anchor.epoch, anchor.seq, "a" * 64)


def of_a_later_history(anchor: Anchor) -> Anchor:
    return Anchor("a history that a later restore began", 1, anchor.seal)


@pytest.mark.parametrize(
    ("told", "serves"), [(as_it_is, True), (ahead, False), (of_another_row, False), (of_a_later_history, False)]
)
def test_a_server_begins_only_where_the_trail_holds_the_row_of_its_anchor(
    house: House, told: Callable[[Anchor], Anchor], *, serves: bool
) -> None:
    house.draft()
    behind = anchor_of(house)
    house.draft()
    assert is_served(house, None)
    assert is_served(house, behind)
    assert is_served(house, told(anchor_of(house))) is serves


def test_rows_that_are_written_to_an_older_copy_do_not_hide_that_it_is_one(house: House) -> None:
    lost = Anchor(anchor_of(house).epoch, anchor_of(house).seq + 1, "a" * 64)
    for _ in range(3):
        house.approve(house.draft())
    assert anchor_of(house).seq > lost.seq
    assert not is_served(house, lost)


def test_a_restore_that_is_told_explains_the_anchor_of_the_history_before_it(house: House) -> None:
    lost = Anchor(anchor_of(house).epoch, 999, "a" * 64)
    house.do(installation.restored)
    assert is_served(house, lost)


def test_a_copy_from_before_a_restore_is_not_taken_for_what_came_after_it(house: House) -> None:
    house.do(installation.restored)
    between = anchor_of(house)
    assert is_served(house, between)
    house.do(installation.restored)
    assert is_served(house, between)
    assert not is_served(house, Anchor("a third restore began it", 2, "a" * 64))


async def test_an_anchor_that_is_damaged_does_not_keep_a_server_from_its_work_and_is_told(house: House) -> None:
    settings_of(house).audit_anchor.write_text("{}")
    async with api_of(house) as api:

        def is_told() -> bool:
            parts = {one.name: one.detail or "" for one in api.application.components()}
            return "is damaged" in parts["audit"]

        await until_true(is_told)


@on_sqlite
def test_the_command_says_what_is_wrong_where_and_what_to_do_and_moving_the_anchor_away_is_a_way(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.draft()
    anchor = ServerSettings(db=Path(str(house.db.address))).audit_anchor
    write_anchor(anchor, Anchor(anchor_of(house).epoch, 999, "a" * 64))
    house.close()
    assert main(["run", "--db", str(house.db.address), "--port", "0"]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"cc-server: The audit anchor {anchor} knows row 999 of the audit trail, and ")
    assert "cc-server restored" in told
    assert "Give either command the --db or --config that the server has." in told
    assert told.count("\n") == 1


def test_a_database_that_is_made_anew_keeps_the_anchor_of_the_one_before_aside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db = tmp_path / "business.db"
    anchor = ServerSettings(db=db).audit_anchor
    for number in (1, 2):
        old = Anchor(f"history {number}", 7, "a" * 64)
        write_anchor(anchor, old)
        assert main(["init", "--db", str(db)]) == 0
        aside = anchor.with_name(f"{anchor.name}.{number}")
        assert f"{anchor} was of another database; it is kept as {aside}" in capsys.readouterr().err
        assert (read_anchor(anchor), read_anchor(aside)) == (None, old)
        db.unlink()


def test_databases_of_one_folder_on_postgresql_have_an_anchor_each(tmp_path: Path) -> None:
    key = {"CC_SERVER_AUDIT_KEY_FILE": str(tmp_path / "audit-key")}
    names = [load_settings(None, key, {"db": f"postgresql://u@h/{name}"}).audit_anchor for name in ("one", "two")]
    assert names == [tmp_path / "one.audit-anchor", tmp_path / "two.audit-anchor"]
