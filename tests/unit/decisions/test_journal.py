"""A decision is on disk before anything else happens, and stays until the server has it or a person took it back."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from cc_tui.decisions.journal import AlreadyDecided, EditDraft, Journal, JournalUnavailable, TroubleKind
from tests.unit.decisions.support import ELSEWHERE, HERE, decision, journal_files, rejection


def test_what_was_recorded_is_read_back_as_it_was(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.record(decision())
    journal.record(rejection())
    assert journal.decisions() == [decision(), rejection()]


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
    copy = gone.path.read_bytes()
    path = gone.path
    gone._db.close()
    assert gone._lock is not None
    os.close(gone._lock)
    mine = Journal(tmp_path)
    mine.adopt_orphans()
    path.write_bytes(copy)
    assert mine.adopt_orphans() == 1
    assert [one.key for one in mine.decisions()] == ["k1"]


def test_a_damaged_journal_is_set_aside_and_told_not_lost(tmp_path: Path) -> None:
    (tmp_path / "journal-1-dead.db").write_bytes(b"this is no database" * 100)
    journal = Journal(tmp_path)
    assert journal.adopt_orphans() == 0
    assert (tmp_path / "journal-1-dead.damaged").exists()
    assert len(journal.notices) == 1


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
