"""What another key decided is told of, shown, and forgotten on a word alone."""

from __future__ import annotations

from pathlib import Path

from cc_tui.decisions.batches import Batch, BatchedItem, BatchJournal
from cc_tui.decisions.elsewhere import forget, kept_elsewhere, kept_words
from cc_tui.decisions.journal import Destination, Journal
from tests.unit.decisions.support import ELSEWHERE, HERE, decision

TOM = Destination(HERE.server_id, "tom")


def journal_with_a_batch_for_elsewhere(folder: Path) -> Journal:
    journal = Journal(folder)
    journal.record(decision("k1", "one"))
    items = (BatchedItem("two", 1, "ab" * 32, "two@acme.example"),)
    BatchJournal(journal).record(Batch("b1", "approve", items, "sha", "v1", 1_000.0, ELSEWHERE))
    return journal


def test_what_another_key_or_server_is_needed_for_is_told(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "one")
    journal.record(decision("k1", "one"))
    assert kept_words(journal, HERE) == ""
    assert kept_words(journal, TOM) == (
        "1 decision is kept on this disk that only the key “ana” sends: it was made with it"
    )
    both = journal_with_a_batch_for_elsewhere(tmp_path / "both")
    assert kept_words(both, TOM).startswith("2 decisions are kept on this disk for another server")


def test_what_is_forgotten_is_gone_and_nothing_else(tmp_path: Path) -> None:
    journal = journal_with_a_batch_for_elsewhere(tmp_path)
    assert [one.key for one in kept_elsewhere(journal, HERE)] == ["b1"]
    assert sorted(one.key for one in kept_elsewhere(journal, TOM)) == ["b1", "k1"]
    forget(journal, kept_elsewhere(journal, HERE))
    assert [one.key for one in kept_elsewhere(journal, TOM)] == ["k1"]
