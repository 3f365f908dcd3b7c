"""The whole items near the cursor: few, the last used stay.

An event tells all of an approval but what surrounds it (its lead, its history, its trail). So an item that is at hand
becomes the new one at once, with the surroundings it had; `sync` fetches those anew when it has time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cc_api_client.models.outbox.approvals import ApprovalDetail

WHOLE_ITEMS_KEPT = 64


class WholeItems:
    """Whole items by id, and what events told of them since. It is read only when somebody looks at the item."""

    def __init__(self) -> None:
        self._items: OrderedDict[str, ApprovalDetail] = OrderedDict()
        self._told: dict[str, Mapping[str, Any]] = {}
        self._amended: set[str] = set()

    def put(self, whole: ApprovalDetail) -> None:
        """Keep an item as it was fetched, unless a later one is at hand."""
        known = self.get(whole.id)
        if known is not None and known.version > whole.version:
            return
        self._items[whole.id] = whole
        self._items.move_to_end(whole.id)
        self._amended.discard(whole.id)
        while len(self._items) > WHOLE_ITEMS_KEPT:
            self.forget(next(iter(self._items)))

    def tell(self, approval_id: str, told: Mapping[str, Any]) -> None:
        """An event told this of an approval: of interest only where the item is at hand."""
        if approval_id in self._items:
            self._told[approval_id] = told

    def get(self, approval_id: str) -> ApprovalDetail | None:
        """The item as it was told last."""
        told = self._told.pop(approval_id, None)
        whole = self._items.get(approval_id)
        if told is None or whole is None:
            return whole
        changed = _changed(whole, told)
        if changed is not None and changed.version >= whole.version:
            self._items[approval_id] = whole = changed
            self._amended.add(approval_id)
        return whole

    def is_amended(self, approval_id: str) -> bool:
        """Whether what surrounds it is older than the item itself."""
        return approval_id in self._amended

    def forget(self, approval_id: str) -> None:
        """It is not true any more."""
        self._items.pop(approval_id, None)
        self._told.pop(approval_id, None)
        self._amended.discard(approval_id)

    def clear(self) -> None:
        """Forget all."""
        self._items.clear()
        self._told.clear()
        self._amended.clear()


def _changed(whole: ApprovalDetail, told: Mapping[str, Any]) -> ApprovalDetail | None:
    """An item with all that an event told of it; None where that is not all of the approval, or is malformed."""
    from pydantic import ValidationError

    from cc_api_client.models.outbox.approvals import Approval

    if not isinstance(told.get("body"), str):
        return None
    try:
        approval = Approval.model_validate(told)
    except ValidationError:
        return None
    return whole.model_copy(update={name: getattr(approval, name) for name in Approval.model_fields})
