"""What is said of the drafts that a batch leaves out."""

from __future__ import annotations

from cc_tui.ui.tabs.approvals.batch.verbs import BATCH_MOST, _riskiest, counted
from tests.support.rows import flag, row


def test_the_reasons_that_are_told_and_those_that_have_no_room_add_up_to_what_is_left_out() -> None:
    whys = ["a"] * 3 + ["b"] * 2 + ["c"] * 2
    assert counted(whys) == "3 × a, 2 × b, 2 × c"
    assert counted([*whys, "d"]) == "3 × a, 2 × b, 2 × c, 1 for another reason"
    assert counted([*whys, "d", ""]) == "3 × a, 2 × b, 2 × c, 2 for other reasons"
    assert counted(["a"]) == "a"
    assert counted(["", ""]) == ""


def test_what_a_flag_blocks_takes_no_room_from_what_can_be_approved() -> None:
    blocked = [row(one, risk={"score": 90, "parts": [], "flags": [flag()]}) for one in range(BATCH_MOST)]
    harmless = row(BATCH_MOST, risk={"score": 5, "parts": [], "flags": []})
    assert _riskiest([*blocked, harmless], is_approving=True)[0] == harmless
    assert harmless not in _riskiest([*blocked, harmless], is_approving=False)
