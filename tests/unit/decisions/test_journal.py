"""A decision is on disk before anything else happens, and stays until the server has it or a person took it back."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from functools import partial
from pathlib import Path
from unittest import mock

import pytest

from cc_tui.decisions import journal_file
from cc_tui.decisions.journal import AlreadyDecided, EditDraft, Journal, JournalUnavailable, TroubleKind
from tests.unit.decisions.support import ELSEWHERE, HERE, decision, journal_files, rejection


def test_what_was_recorded_is_read_back_as_it_was(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.record(decision())
    journal.record(rejection())
    assert journal.decisions() == [decision(), rejection()]


def test_decisions_are_told_oldest_first_whatever_their_keys_are(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.record(decision("b", "two", decided_at=2_000.0))
    journal.record(decision("c", "one", decided_at=1_000.0))
    journal.record(decision("a", "three", decided_at=3_000.0))
    assert [one.key for one in journal.undelivered(HERE)] == ["c", "b", "a"]


def test_the_name_of_a_fresh_journal_is_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        fsync(descriptor)
        synced.append(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(os, "fsync", noted)
    Journal(tmp_path)
    assert synced == [tmp_path.stat().st_ino]


def test_a_decision_writes_three_small_pages(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    ahead = Path(f"{journal.path}-wal")
    before = ahead.stat().st_size
    journal.record(decision())
    assert 0 < ahead.stat().st_size - before <= 3 * (journal_file.PAGE_BYTES + 24)


def test_a_second_decision_on_the_same_approval_is_refused(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.record(decision("k1", "one"))
    with pytest.raises(AlreadyDecided):
        journal.record(decision("k2", "one"))
    assert [one.key for one in journal.decisions()] == ["k1"]


def test_a_settled_decision_is_forgotten_and_the_approval_may_be_decided_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.record(decision("k1", "one"))
    journal.settle("k1")
    journal.record(decision("k2", "one"))
    assert [one.key for one in journal.decisions()] == ["k2"]


def test_decisions_for_another_server_or_key_are_never_among_those_to_send(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.record(decision("k1", "one"))
    journal.record(decision("k2", "one", destination=ELSEWHERE))
    assert [one.key for one in journal.undelivered(HERE)] == ["k1"]
    assert [one.key for one in journal.undelivered(ELSEWHERE)] == ["k2"]


def test_a_decision_in_trouble_stays_with_its_sentence_and_is_not_sent(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.record(decision())
    journal.trouble("k1", TroubleKind.CONFLICT, "Tom rejected it at 09:02")
    assert journal.undelivered(HERE) == []
    assert [(one.trouble_kind, one.trouble) for one in journal.decisions()] == [
        (TroubleKind.CONFLICT, "Tom rejected it at 09:02")
    ]


def test_an_empty_journal_leaves_no_file(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.record(decision())
    journal.settle("k1")
    journal.close()
    assert list(tmp_path.iterdir()) == []


def test_the_folder_and_the_file_are_the_operators_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state")
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert journal.path.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_can_not_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file stands here")
    with pytest.raises(JournalUnavailable, match="journal_dir"):
        Journal(tmp_path / "state")


def test_a_disk_that_refuses_raises_and_keeps_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal._db.execute("PRAGMA max_page_count = 1")
    with pytest.raises(JournalUnavailable, match="nothing was decided"):
        for number in range(200):
            journal.record(decision(f"k{number}", f"item-{number}", subject="x" * 4_000))
    journal._db.execute("PRAGMA max_page_count = 1000000")
    kept = len(journal.decisions())
    journal.record(decision("after", "after"))
    assert len(journal.decisions()) == kept + 1


_RECORD_AND_DIE = textwrap.dedent(
    """
    import os, signal, sys
    from pathlib import Path
    from cc_tui.decisions.journal import Journal
    from tests.unit.decisions.support import decision, rejection
    journal = Journal(Path(sys.argv[1]))
    journal.record(decision("k1", "one"))
    journal.record(rejection("k2", "two"))
    os.kill(os.getpid(), signal.SIGKILL)
    """
)


def test_what_an_app_decided_before_it_was_killed_is_adopted_and_offered(tmp_path: Path) -> None:
    died = subprocess.run([sys.executable, "-c", _RECORD_AND_DIE, str(tmp_path)], check=False)
    assert died.returncode == -signal.SIGKILL
    journal = Journal(tmp_path)
    assert journal.adopt_orphans() == 2
    assert [(one.key, one.is_offered) for one in journal.decisions()] == [("k1", True), ("k2", True)]
    assert journal_files(tmp_path) == [journal.path.name]


def test_the_journal_of_an_app_that_runs_is_left_alone(tmp_path: Path) -> None:
    other = Journal(tmp_path)
    other.record(decision())
    mine = Journal(tmp_path)
    assert mine.adopt_orphans() == 0
    assert [one.key for one in other.decisions()] == ["k1"]


def test_adopting_twice_doubles_nothing(tmp_path: Path) -> None:
    """Killed between the commit and the removal of the old file, the next start meets the same rows again."""
    gone = Journal(tmp_path)
    gone.record(decision())
    path = gone.path
    gone._db.close()
    copy = path.read_bytes()
    assert gone._lock is not None
    os.close(gone._lock)
    mine = Journal(tmp_path)
    mine.adopt_orphans()
    path.write_bytes(copy)
    assert mine.adopt_orphans() == 1
    assert [one.key for one in mine.decisions()] == ["k1"]


def left_behind(folder: Path, key: str = "k1", approval: str = "one") -> Path:
    """A journal with one decision, whose app is gone."""
    gone = Journal(folder)
    gone.record(decision(key, approval))
    gone._db.close()
    assert gone._lock is not None
    os.close(gone._lock)
    return gone.path


def test_a_damaged_journal_is_set_aside_and_told_not_lost(tmp_path: Path) -> None:
    (tmp_path / "journal-1-dead.db").write_bytes(b"this is no database" * 100)
    journal = Journal(tmp_path)
    assert journal.adopt_orphans() == 0
    assert (tmp_path / "journal-1-dead.damaged").exists()
    (told,) = journal.fresh_notices()
    assert "damaged" in told
    assert journal.fresh_notices() == []


def test_a_journal_with_words_that_no_version_knows_is_set_aside_and_the_others_are_adopted(tmp_path: Path) -> None:
    path = left_behind(tmp_path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE decisions SET verb = 'shred'")
        db.commit()
    left_behind(tmp_path, "k2", "two")
    journal = Journal(tmp_path)
    assert journal.adopt_orphans() == 1
    assert path.with_suffix(".damaged").exists()
    assert [one.key for one in journal.decisions()] == ["k2"]


def test_a_busy_journal_stays_where_it_is_and_is_adopted_once_it_is_free(tmp_path: Path) -> None:
    path = left_behind(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as copier:
        copier.execute("BEGIN EXCLUSIVE")
        journal = Journal(tmp_path)
        with mock.patch.object(sqlite3, "connect", partial(sqlite3.connect, timeout=0.01)):
            assert journal.adopt_orphans() == 0
        (told,) = journal.fresh_notices()
        assert "can't be read now" in told
        assert path.exists()
        copier.execute("ROLLBACK")
    assert journal.adopt_orphans() == 1
    assert [one.key for one in journal.decisions()] == ["k1"]
    assert journal_files(tmp_path) == [journal.path.name]


def test_a_journal_whose_lock_can_not_be_made_stays_and_is_told(tmp_path: Path) -> None:
    path = left_behind(tmp_path)
    path.with_suffix(".lock").unlink()
    path.with_suffix(".lock").mkdir()
    journal = Journal(tmp_path)
    assert journal.adopt_orphans() == 0
    assert path.exists()
    assert "can't be taken over now" in journal.fresh_notices()[0]
    path.with_suffix(".lock").rmdir()
    assert journal.adopt_orphans() == 1


def test_a_journal_of_a_newer_program_is_refused_with_a_sentence_and_kept_as_it_is(tmp_path: Path) -> None:
    path = left_behind(tmp_path)
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {journal_file.VERSION + 1}")
    before = path.read_bytes()
    journal = Journal(tmp_path)
    assert journal.adopt_orphans() == 0
    assert path.read_bytes() == before
    (told,) = journal.fresh_notices()
    assert "newer cc-tui" in told
    assert str(path) in told


def test_a_journal_from_before_versions_were_written_is_brought_up_and_adopted(tmp_path: Path) -> None:
    path = left_behind(tmp_path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 0")
    journal = Journal(tmp_path)
    assert journal.adopt_orphans() == 1
    assert [one.key for one in journal.decisions()] == ["k1"]


def test_an_older_journal_is_migrated_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = left_behind(tmp_path)
    monkeypatch.setattr(journal_file, "STEPS", (*journal_file.STEPS, ("ALTER TABLE drafts ADD COLUMN note TEXT",)))
    monkeypatch.setattr(journal_file, "VERSION", version := journal_file.VERSION + 1)
    with closing(journal_file.open_file(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (version,)
        assert db.execute("SELECT count(*) FROM decisions").fetchone() == (1,)
        assert [column[1] for column in db.execute("PRAGMA table_info(drafts)")][-1] == "note"


def test_two_gone_apps_that_decided_the_same_approval_leave_one_to_offer_and_one_in_conflict(tmp_path: Path) -> None:
    for key in ("k1", "k2"):
        gone = Journal(tmp_path)
        gone.record(decision(key, "one"))
        gone._db.close()
        assert gone._lock is not None
        os.close(gone._lock)
    mine = Journal(tmp_path)
    mine.adopt_orphans()
    assert sorted(one.trouble_kind or "" for one in mine.decisions()) == ["", TroubleKind.CONFLICT]


def test_every_commit_is_synced(tmp_path: Path) -> None:
    assert Journal(tmp_path)._db.execute("PRAGMA synchronous").fetchone() == (3,)


def test_a_draft_of_an_edit_is_kept_until_it_is_saved(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.save_draft("server-1", EditDraft("one", 3, {"subject": "a", "body": "b"}, 1.0))
    journal.save_draft("server-1", EditDraft("one", 3, {"subject": "c", "body": "b"}, 2.0))
    found = journal.draft_of("server-1", "one")
    assert found is not None
    assert found.fields["subject"] == "c"
    journal.drop_draft("server-1", "one")
    assert journal.draft_of("server-1", "one") is None


def test_a_closed_journal_says_that_it_can_not_be_read(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal._db.close()
    with pytest.raises((JournalUnavailable, sqlite3.ProgrammingError)):
        journal.decisions()
