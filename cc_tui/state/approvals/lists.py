"""What one view of the Approvals tab shows: order, filter, marks, what arrived and waits, what was decided and stays.

Nothing moves under the cursor: rows that arrive wait in `arrived` until they are asked for, rows that leave the view
stay (the widget dims them) until the list is settled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from itertools import chain
from types import MappingProxyType

from cc_api_client.models.outbox.delivery_states import DeliveryState
from cc_tui.state.approvals.rows import GROWING, ApprovalRow, View, newest_first
from cc_tui.state.approvals.store import DECIDED_KEPT, ApprovalStore
from cc_tui.state.filter import Field, FieldKind, Predicate, parse_filter
from cc_tui.state.load import Phase
from cc_tui.state.signal import ALL, Ids, Signal

KIND_WORDS = MappingProxyType({"call": "call_script", "contract": "contract_change", "follow-up": "follow_up"})
"""The words that stand in the column for what the server calls a kind."""
KINDS = ("email", "follow_up", "call_script", "proposal", "contract_change")
STATUS_WORDS = MappingProxyType({"withdrawn": "cancelled"})
STATUSES = ("pending", "approved", "rejected", "expired", "cancelled")


class SortKey(StrEnum):
    """What a list is sorted by; the letter after `s` is the first of the word."""

    AGE = "age"
    RISK = "risk"
    KIND = "kind"
    TO = "to"
    EXPIRES = "expires"


_KEYS: dict[SortKey, Callable[[ApprovalRow], tuple[object, ...]]] = {
    SortKey.AGE: lambda row: (row.created_at, row.id),
    SortKey.RISK: lambda row: (-row.risk, row.created_at, row.id),
    SortKey.KIND: lambda row: (row.kind, row.created_at, row.id),
    SortKey.TO: lambda row: (row.to_email.lower(), row.created_at, row.id),
    SortKey.EXPIRES: lambda row: (row.expires_at or float("inf"), row.id),
}
_NEWEST_FIRST = frozenset({View.SENT, View.REJECTED, View.EXPIRED})


def approval_fields(server_now: Callable[[], float]) -> dict[str, Field[ApprovalRow]]:
    """The fields that a filter over approvals may name; ages by the server's clock (seconds)."""
    return {
        "kind": Field(FieldKind.TEXT, lambda row: row.kind, KIND_WORDS, KINDS),
        "to": Field(FieldKind.TEXT, lambda row: row.to_email),
        "name": Field(FieldKind.TEXT, lambda row: row.to_name),
        "subject": Field(FieldKind.TEXT, lambda row: row.subject),
        "agent": Field(FieldKind.TEXT, lambda row: row.agent),
        "client": Field(FieldKind.TEXT, lambda row: row.client_id),
        "status": Field(FieldKind.TEXT, lambda row: row.status, STATUS_WORDS, STATUSES),
        "delivery": Field(FieldKind.TEXT, lambda row: row.delivery.state, values=tuple(DeliveryState)),
        "by": Field(FieldKind.TEXT, lambda row: row.word.by),
        "flag": Field(FieldKind.TEXT, lambda row: " ".join(row.flags)),
        "risk": Field(FieldKind.NUMBER, lambda row: row.risk),
        "age": Field(FieldKind.AGE, lambda row: server_now() - row.created_at),
        "expires": Field(FieldKind.AGE, lambda row: None if row.expires_at is None else row.expires_at - server_now()),
        "safe": Field(FieldKind.YES, lambda row: row.safe),
        "flagged": Field(FieldKind.YES, lambda row: bool(row.flags)),
    }


def searched_text(row: ApprovalRow) -> str:
    """What plain words of a filter are looked for in."""
    return f"{row.to_email} {row.to_name} {row.subject} {row.kind} {row.agent}".lower()


class ApprovalList:
    """One view's rows in the order shown, kept true as the store changes."""

    def __init__(self, store: ApprovalStore, view: View, server_now: Callable[[], float]) -> None:
        self.view = view
        self.sort = SortKey.AGE
        self.reversed = view in _NEWEST_FIRST
        self.filter_text = ""
        self.order: list[str] = []
        self.arrived: set[str] = set()
        self.marks: set[str] = set()
        self.changed: Signal[Ids] = Signal()
        self._store = store
        self._fields = approval_fields(server_now)
        self._passes: Predicate[ApprovalRow] = lambda _row: True
        self._places: dict[str, int] = {}
        self._settled = False
        self._gone: set[str] = set()
        store.changed.subscribe(self._store_changed)
        store.pins.append(lambda approval_id: approval_id in self._places or approval_id in self.marks)

    # Reading

    def row(self, place: int) -> ApprovalRow | None:
        """The row at a place of the list; None when the server withdrew it."""
        return self._store.rows.get(self.order[place])

    def place_of(self, approval_id: str) -> int | None:
        """Where an approval stands in the list."""
        return self._places.get(approval_id)

    def is_undecided_here(self, approval_id: str) -> bool:
        """Whether the row still belongs to this view, as the operator sees it."""
        return self._store.view_of(approval_id) is self.view

    def next_undecided(self, place: int) -> int | None:
        """The place of the next undecided row after `place`, else of the nearest before it."""
        after = range(place + 1, len(self.order))
        before = range(min(place, len(self.order)) - 1, -1, -1)
        for candidate in chain(after, before):
            if self.is_undecided_here(self.order[candidate]):
                return candidate
        return None

    @property
    def marked_not_shown(self) -> int:
        """Marks on rows that the filter hides."""
        return sum(marked not in self._places for marked in self.marks)

    @property
    def has_news(self) -> bool:
        """Whether settling would change something: rows arrived, or rows that left are still shown."""
        return bool(self.arrived or self._gone)

    # Changing what is shown

    def check_filter(self, text: str) -> None:
        """Raises FilterMistake where a filter can't be read; the list stays as it is."""
        parse_filter(text, self._fields, searched_text)

    def set_filter(self, text: str) -> None:
        """Show only what passes.

        Raises:
            FilterMistake: the filter can't be read; the list stays as it is.
        """
        self._passes = parse_filter(text, self._fields, searched_text)
        self.filter_text = text.strip()
        self.settle()

    def set_sort(self, key: SortKey) -> None:
        """Sort by `key`; again turns it round."""
        self.reversed = not self.reversed if key is self.sort else False
        self.sort = key
        self.settle()

    def settle(self) -> None:
        """Order everything anew: what arrived comes in, what left goes."""
        rows = [row for row in self._store.rows.values() if self._belongs(row)]
        if self.view in GROWING and len(rows) > DECIDED_KEPT:
            rows = newest_first(rows)[:DECIDED_KEPT]
        rows.sort(key=_KEYS[self.sort], reverse=self.reversed)
        self.order = [row.id for row in rows]
        self._places = {approval_id: place for place, approval_id in enumerate(self.order)}
        self.arrived.clear()
        self._gone.clear()
        self._settled = True
        self.changed.emit(ALL)

    def mark(self, approval_ids: Iterable[str]) -> None:
        """Turn marks on; when all were on already, off."""
        asked = set(approval_ids)
        if asked <= self.marks:
            self.marks -= asked
        else:
            self.marks |= asked
        self.changed.emit(frozenset(asked))

    def mark_shown(self) -> int:
        """Mark every undecided row that is shown; returns how many."""
        shown = {approval_id for approval_id in self.order if self.is_undecided_here(approval_id)}
        self.marks |= shown
        self.changed.emit(ALL)
        return len(shown)

    def unmark(self, approval_ids: Iterable[str]) -> None:
        """Turn marks off."""
        gone = self.marks & set(approval_ids)
        if gone:
            self.marks -= gone
            self.changed.emit(frozenset(gone))

    # Keeping true

    def _belongs(self, row: ApprovalRow) -> bool:
        return self._store.view_of(row.id) is self.view and self._passes(row)

    def _store_changed(self, ids: Ids) -> None:
        load = self._store.loads[self.view]
        if ids == ALL or load.phase is Phase.LOADING or not self._settled:
            self._take_in(ids)
            return
        here = not ids
        for approval_id in ids:
            row = self._store.rows.get(approval_id)
            if approval_id in self._places:
                here = True
                self._still_belongs(approval_id)
            elif row is not None and self._belongs(row):
                self.arrived.add(approval_id)
                here = True
            elif approval_id in self.arrived:
                self.arrived.discard(approval_id)
                here = True
        if here:
            self.changed.emit(ids)

    def _take_in(self, ids: Ids) -> None:
        """While a view is being filled its rows come straight in; the widget keeps the cursor by id."""
        load = self._store.loads[self.view]
        if load.phase is Phase.UNASKED:
            if not (self._settled or self.order or self.arrived or self._gone):
                return
            self.order, self._places, self._settled = [], {}, False
            self.arrived.clear()
            self._gone.clear()
            self.changed.emit(ALL)
        elif not self._append(ids):
            self.settle()

    def _append(self, ids: Ids) -> bool:
        """Put rows that sort behind all others at the end, without sorting again; False when some do not."""
        if not self._settled or self.reversed or ids == ALL:
            return False
        rows = self._store.rows
        fresh = [rows[approval_id] for approval_id in ids if approval_id not in self._places and approval_id in rows]
        fresh = sorted(filter(self._belongs, fresh), key=_KEYS[self.sort])
        last = rows.get(self.order[-1]) if self.order else None
        if fresh and last is not None and _KEYS[self.sort](fresh[0]) < _KEYS[self.sort](last):
            return False
        for row in fresh:
            self._places[row.id] = len(self.order)
            self.order.append(row.id)
        self.changed.emit(ids)
        return True

    def _still_belongs(self, approval_id: str) -> None:
        """A shown row changed: one that left the view stays until the list is settled, but not its mark."""
        if self.is_undecided_here(approval_id):
            self._gone.discard(approval_id)
        else:
            self._gone.add(approval_id)
            self.marks.discard(approval_id)
