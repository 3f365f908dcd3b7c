"""Which actions are of use on the Approvals tab now; the others stay out of its footer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_tui.actions.action import Action, Risk, Where
from cc_tui.state.approvals.rows import View
from cc_tui.ui.tabs.approvals.trouble.settling import SETTLES
from cc_tui.ui.widgets.shape import Shape

if TYPE_CHECKING:
    from cc_tui.ui.tabs.approvals.desk import Desk
    from cc_tui.ui.tabs.approvals.verbs import QueueVerbs

_ON_A_ROW = frozenset({"list.open", "list.mark", "list.copy", "list.sort"})
"""What needs a row to be of use."""
_ON_WHAT_WAITS = frozenset({"approvals.approve", "approvals.reject", "approvals.edit", "list.mark"})
"""What needs a row that waits for a person."""
_OF_THE_LIST = frozenset({
    "list.open", "list.mark", "list.filter", "list.sort", "list.show_new", "approvals.all_safe",
})  # fmt: skip
"""What has no use in an open item."""


def offers(desk: Desk, verbs: QueueVerbs, action: Action) -> bool:
    """On a phone the list opens and marks, the item decides; where both are in view there is nothing to open."""
    told = _is_of_use(desk, verbs, action)
    if told is not None:
        return told
    if desk.row is None and (action.where is Where.APPROVALS or action.id in _ON_A_ROW):
        return False
    if desk.shape is not Shape.PHONE:
        return action.id != "list.open" or desk.view is View.PROBLEMS
    if desk.is_item_open:
        return action.id not in _OF_THE_LIST
    return action.risk is not Risk.DECISION and action.id not in ("approvals.edit", "approvals.all_safe")


def _can_be_acted_on(desk: Desk, verbs: QueueVerbs, action: Action) -> bool:
    """Marks are for decisions: a key that only looks has no use for them."""
    if action.id == "list.mark" and desk.session.known.identity.is_read_only:
        return False
    return bool(desk.queue.marks) or verbs.why_row_not() is None


def _is_of_use(desk: Desk, verbs: QueueVerbs, action: Action) -> bool | None:
    """Whether what is known makes an action of use; None where that is not asked."""
    if action.id == "reason.again":
        return desk.triage.last_reason is not None
    if action.id == "list.show_new":
        return desk.queue.has_news
    if action.id == "approvals.all_safe" and (desk.view is not View.PENDING or verbs.why_not(action) is not None):
        return False
    if action.id in _ON_WHAT_WAITS and not _can_be_acted_on(desk, verbs, action):
        return False
    if action.id in SETTLES:
        return desk.view is View.PROBLEMS and verbs.why_not(action) is None
    return None
