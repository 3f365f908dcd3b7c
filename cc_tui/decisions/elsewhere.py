"""Decisions in the journal that this key can't send: another key made them, or they are for another server.

They wait for an app that has that key. Until then they can be looked at and forgotten, a screenful at a time.
"""

from __future__ import annotations

from collections.abc import Sequence

from cc_tui.decisions.batches import Batch, BatchJournal
from cc_tui.decisions.journal import Decision, Destination, Journal


def kept_elsewhere(journal: Journal, here: Destination) -> list[Decision | Batch]:
    """What is not for `here`, oldest first."""
    kept: list[Decision | Batch] = [*journal.decisions(), *BatchJournal(journal).all()]
    return sorted((one for one in kept if one.destination != here), key=lambda one: one.decided_at)


def kept_words(journal: Journal, here: Destination) -> str:
    """Say what is kept that can't be sent to this server with this key; empty without any."""
    others = kept_elsewhere(journal, here)
    if not others:
        return ""
    count = f"{len(others)} decisions are" if len(others) > 1 else "1 decision is"
    keys = sorted({f"“{one.destination.key_name}”" for one in others})
    if {one.destination.server_id for one in others} == {here.server_id}:
        made = "they were" if len(others) > 1 else "it was"
        return f"{count} kept on this disk that only the key {' or '.join(keys)} sends: {made} made with it"
    return f"{count} kept on this disk for another server, and only sent there"


def forget(journal: Journal, kept: Sequence[Decision | Batch]) -> None:
    """The operator's word: these will never be sent.

    Raises:
        JournalUnavailable: the disk refused; what was not forgotten is kept.
    """
    batches = BatchJournal(journal)
    for one in kept:
        if isinstance(one, Batch):
            batches.settle(one.key)
        else:
            journal.settle(one.key)
