"""What a verifier says of a trail that somebody changed behind the domain's back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cc_server.sealing.anchor import Anchor
from cc_server.sealing.chain import FIRST, seal_of
from cc_server.sealing.keys import AuditKeys
from cc_server.sealing.verify import RESTORED, Finding, Kind, Verdict, Verifier

EPOCH = "epoch-1"
KEY, OTHER_KEY = b"k" * 32, b"o" * 32
KEYS = AuditKeys(Path("key"), ((1, KEY),))
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
Row = dict[str, Any]
Trail = list[Row]


def trail_of(length: int, *, key: bytes = KEY, note: str = "") -> Trail:
    """A trail as a server writes it."""
    rows: Trail = []
    follows = FIRST
    for seq in range(1, length + 1):
        row: Row = {
            "seq": seq, "at": NOON + timedelta(seconds=seq), "actor": "Ana", "action": "approval.approve",
            "object_type": "approval", "object_id": f"a{seq}", "client_id": "c1", "before": {"status": "pending"},
            "after": {"status": "approved", "version": 2}, "reason": note or None, "request_id": None,
        }  # fmt: skip
        sealed = seal(row, follows, key)
        rows.append(sealed)
        follows = sealed["seal"]
    return rows


def seal(row: Row, follows: str, key: bytes = KEY) -> Row:
    return row | {"follows": follows, "seal": seal_of(key, row["seq"], follows, row)}


def anchor_at(rows: Trail, epoch: str = EPOCH) -> Anchor:
    return Anchor(epoch, rows[-1]["seq"], rows[-1]["seal"])


def verdict_of(rows: Trail, anchor: Anchor | None, keys: AuditKeys = KEYS, epoch: str = EPOCH) -> Verdict:
    return Verifier(keys, anchor, epoch).check(rows)


def findings_of(rows: Trail, anchor: Anchor | None) -> list[tuple[Kind, int, int]]:
    return [(one.kind, one.first, one.last) for one in verdict_of(rows, anchor).findings]


def test_a_trail_that_nobody_touched_is_whole() -> None:
    rows = trail_of(9)
    verdict = verdict_of(rows, anchor_at(rows))
    assert (verdict.is_whole, verdict.sealed, verdict.last) == (True, 9, 9)


def test_an_empty_trail_is_whole() -> None:
    assert verdict_of([], Anchor(EPOCH, 0, FIRST)).is_whole


CHANGES: dict[str, object] = {
    "at": NOON, "actor": "Tom", "action": "approval.reject", "object_type": "agent", "object_id": "b",
    "client_id": None, "before": None, "after": {"status": "approved", "version": 3}, "reason": "", "request_id": "r",
    "follows": "1" * 64, "seal": "2" * 64,
}  # fmt: skip


@pytest.mark.parametrize("field", CHANGES)
def test_a_row_of_which_any_field_was_altered_is_named_alone(field: str) -> None:
    rows = trail_of(9)
    anchor = anchor_at(rows)
    rows[4] |= {field: CHANGES[field]}
    assert findings_of(rows, anchor) == [(Kind.ALTERED, 5, 5)]


@given(place=st.integers(0, 8), text=st.text(min_size=1))
def test_whatever_is_written_over_a_reason_is_seen(place: int, text: str) -> None:
    rows = trail_of(9)
    anchor = anchor_at(rows)
    rows[place] |= {"reason": text}
    assert findings_of(rows, anchor) == [(Kind.ALTERED, place + 1, place + 1)]


@given(gone=st.sets(st.integers(1, 9), max_size=8))
def test_rows_that_are_missing_and_rows_that_were_cut_off_are_told_apart(gone: set[int]) -> None:
    rows = trail_of(9)
    anchor = anchor_at(rows)
    left = [row for row in rows if row["seq"] not in gone]
    told = [(kind, seq) for kind, first, last in findings_of(left, anchor) for seq in range(first, last + 1)]
    end = max((row["seq"] for row in left), default=0)
    assert told == [(Kind.MISSING if seq < end else Kind.CUT_OFF, seq) for seq in sorted(gone)]


def test_altered_missing_and_cut_off_rows_are_told_together() -> None:
    rows = trail_of(12)
    anchor = anchor_at(rows)
    rows[1] |= {"actor": "nobody"}
    del rows[10:], rows[4:7]
    assert findings_of(rows, anchor) == [(Kind.ALTERED, 2, 2), (Kind.MISSING, 5, 7), (Kind.CUT_OFF, 11, 12)]


def test_an_anchor_behind_the_trail_is_fine() -> None:
    rows = trail_of(9)
    assert verdict_of(rows, anchor_at(rows[:4])).is_whole


def test_without_an_anchor_it_is_said_that_nothing_is_known_of_the_end() -> None:
    assert [one.kind for one in verdict_of(trail_of(3), None).findings] == [Kind.NO_ANCHOR]


def test_a_tail_that_was_cut_off_and_written_anew_is_seen_by_the_anchor() -> None:
    rows = trail_of(9)
    anchor = anchor_at(rows)
    fresh = rows[:6]
    for seq in (7, 8, 9, 10):
        fresh.append(seal(fresh[-1] | {"seq": seq, "reason": "forged"}, fresh[-1]["seal"]))
    assert findings_of(fresh, anchor) == [(Kind.ALTERED, 9, 9)]


def test_a_genuine_row_of_another_past_does_not_fit_the_chain() -> None:
    rows, past = trail_of(9), trail_of(9, note="before the restore")
    anchor = anchor_at(rows)
    rows[4] = past[4]
    told = findings_of(rows, anchor)
    assert told == [(Kind.ALTERED, 4, 5)]


def test_a_row_put_in_by_somebody_without_the_key_is_altered() -> None:
    rows = trail_of(9)
    anchor = anchor_at(rows)
    rows[4] = seal(rows[4] | {"actor": "nobody"}, rows[4]["follows"], OTHER_KEY)
    assert findings_of(rows, anchor)[0] == (Kind.ALTERED, 5, 5)


def test_seals_that_were_wiped_are_seen() -> None:
    rows = trail_of(9)
    anchor = anchor_at(rows)
    wiped = [row | {"seal": None, "follows": None} for row in rows]
    assert findings_of(wiped, anchor) == [(Kind.ALTERED, 9, 9)]
    assert findings_of([*wiped[:3], *rows[3:]], anchor) == [(Kind.ALTERED, 3, 3)]
    assert findings_of([*rows[:3], *wiped[3:]], anchor)[0] == (Kind.ALTERED, 4, 9)


def test_rows_from_before_sealing_are_counted_and_vouched_for_by_nothing() -> None:
    rows = trail_of(4)
    old = [row | {"seal": None, "follows": None} for row in rows[:2]]
    first = seal(rows[2], FIRST)
    verdict = verdict_of([*old, first, seal(rows[3], first["seal"])], None)
    assert (verdict.unsealed, verdict.sealed) == (2, 2)
    assert [one.kind for one in verdict.findings] == [Kind.NO_ANCHOR]


def test_each_row_is_judged_by_the_key_it_was_sealed_with() -> None:
    rows = trail_of(3)
    for seq in (4, 5):
        rows.append(seal(rows[-1] | {"seq": seq}, rows[-1]["seal"], OTHER_KEY))
    both = AuditKeys(Path("key"), ((1, KEY), (4, OTHER_KEY)))
    assert verdict_of(rows, anchor_at(rows), both).is_whole
    only_new = verdict_of(rows, anchor_at(rows), AuditKeys(Path("key"), ((4, OTHER_KEY),)))
    assert (only_new.is_whole, only_new.keyless, only_new.sealed) == (True, 3, 2)
    assert not verdict_of(rows, anchor_at(rows)).is_whole


def restored(rows: Trail, epoch: str, since: str = "epoch-1") -> Trail:
    last = rows[-1]
    told = last | {"seq": last["seq"] + 1, "action": RESTORED, "before": {"epoch": since}, "after": {"epoch": epoch}}
    return [*rows, seal(told, last["seal"])]


@pytest.mark.parametrize(
    ("made", "is_whole"),
    [(lambda rows: restored(rows, "epoch-2"), True), (lambda rows: restored(rows, "epoch-3"), False), (list, False)],
    ids=["told", "told of another", "not told"],
)
def test_a_restore_explains_a_shorter_trail_only_where_a_sealed_row_tells_of_it(
    made: Callable[[Trail], Trail], *, is_whole: bool
) -> None:
    rows = trail_of(9)
    verdict = verdict_of(made(rows[:5]), anchor_at(rows), epoch="epoch-2")
    assert verdict.is_whole is is_whole


def test_a_finding_says_which_rows() -> None:
    assert str(Finding(Kind.MISSING, 3, 3)) == "missing: row 3"
    assert str(Finding(Kind.CUT_OFF, 3, 9)) == "cut off: rows 3 to 9"
