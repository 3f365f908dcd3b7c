"""The approvals that are known: rows, counts of all views, whole items near the cursor, decisions made here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cc_tui.state.approvals.rows import (
    GROWING,
    ApprovalRow,
    LocalDecision,
    LocalPhase,
    View,
    forget_alike,
    newest_first,
)
from cc_tui.state.approvals.wholes import WholeItems
from cc_tui.state.load import Load, Phase
from cc_tui.state.signal import ALL, Ids, Signal

if TYPE_CHECKING:
    from cc_api_client.models.outbox.approvals import ApprovalDetail

ROWS_KEPT = 100_000
DECIDED_KEPT = 600
"""The newest rows that are kept of a view that only grows and was opened: somewhat more than is fetched of one."""
UNOPENED_KEPT = 20
"""Of one that was not: opening it fetches its rows. Some stay, because a decision made here may be among them."""
LOOKED_EVERY, LOOKED_EVERY_SHARE = 20, 0.01
"""After how many decided rows, and after what share of all rows, it is looked whether some can go."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many approvals each view has, all-time, by the server's word."""

    pending: int = 0
    leaving: int = 0
    problems: int = 0
    sent: int = 0
    rejected: int = 0
    expired: int = 0
    safe: int = 0
    oldest_created_at: float | None = None

    def changed(self, before: ApprovalRow | None, after: ApprovalRow) -> Counts:
        """These counts after one approval became another; `before` is None where it is new."""
        safe = self.safe + (after.view is View.PENDING and after.safe)
        if before is not None:
            safe -= before.view is View.PENDING and before.safe
        return replace(self.moved(before.view if before is not None else None, after.view), safe=max(0, safe))

    def moved(self, before: View | None, after: View | None) -> Counts:
        """These counts after one approval went from one view to another."""
        if before is after:
            return self
        changes: dict[str, int] = {}
        for view, step in ((before, -1), (after, 1)):
            if view is not None:
                changes[view.value] = max(0, getattr(self, view.value) + step)
        return replace(self, **changes)


class ApprovalStore:
    """Approvals by id. One signal tells which rows changed; one tells that a whole item came or went."""

    def __init__(self) -> None:
        self.rows: dict[str, ApprovalRow] = {}
        self.local: dict[str, LocalDecision] = {}
        self.loads: dict[View, Load] = {view: Load() for view in View}
        self.truncated_at: int | None = None
        self.changed: Signal[Ids] = Signal()
        self.whole_changed: Signal[str] = Signal()
        self._counts = Counts()
        self._counts_known = False
        self._wholes = WholeItems()
        self.pins: list[Callable[[str], bool]] = []
        """Asked whether a row is still needed: lists that show or mark it."""
        self._decided_since_look = 0
        self.counts_doubtful = False
        """An approval changed whose earlier view is not known: `sync` asks for the counts again."""

    # What everyone reads

    @property
    def counts_known(self) -> bool:
        """Whether the server has told its counts."""
        return self._counts_known

    @property
    def counts(self) -> Counts:
        """The server's counts, less what was decided here and has not reached it."""
        counts = self._counts
        for approval_id, decision in self.local.items():
            row = self.rows.get(approval_id)
            if decision.phase in (LocalPhase.CONFLICT, LocalPhase.REFUSED):
                if row is None or row.view is not View.PROBLEMS:
                    counts = replace(counts, problems=counts.problems + 1)
            elif decision.is_open and row is not None:
                counts = counts.moved(row.view, View.PROBLEMS)
                if row.view is View.PENDING and row.safe:
                    counts = replace(counts, safe=max(0, counts.safe - 1))
            elif decision.is_open:
                # Whether it still waits there is not known: it may have arrived before the app was killed.
                counts = replace(counts, problems=counts.problems + 1)
        return counts

    @property
    def has_no_safe(self) -> bool:
        """Whether it is known that nothing which waits is safe to approve."""
        return self._counts_known and not self.counts.safe

    @property
    def undelivered_count(self) -> int:
        """Decisions made here that the server has not confirmed."""
        return sum(decision.is_open for decision in self.local.values())

    def view_of(self, approval_id: str) -> View | None:
        """The view an approval stands in, as the operator here sees it."""
        if approval_id in self.local:
            return View.PROBLEMS
        row = self.rows.get(approval_id)
        return row.view if row else None

    def whole(self, approval_id: str) -> ApprovalDetail | None:
        """The whole item, when it is at hand and not older than its row."""
        whole = self._wholes.get(approval_id)
        row = self.rows.get(approval_id)
        if whole is None or (row is not None and whole.version < row.version):
            return None
        return whole

    def is_amended(self, approval_id: str) -> bool:
        """Whether what surrounds the whole item is older than the item itself."""
        return self._wholes.is_amended(approval_id)

    # What `sync` writes

    def put(self, rows: Iterable[ApprovalRow]) -> None:
        """Take rows over, each unless a later one is known; the counts follow."""
        changed = set()
        for row in rows:
            known = self.rows.get(row.id)
            if known is not None and not row.is_newer_than(known):
                continue
            if known is None and not row.is_decided:
                self._counts = self._counts.changed(None, row)
            elif known is None:
                self.counts_doubtful = True
            else:
                self._counts = self._counts.changed(known, row)
            self._keep(row)
            changed.add(row.id)
        if changed:
            self.changed.emit(frozenset(changed))
        self._let_go()

    def load(self, rows: Iterable[ApprovalRow]) -> Ids:
        """Take over rows of a collection whose counts came with it; returns and tells those that changed."""
        changed = set()
        for row in rows:
            known = self.rows.get(row.id)
            if known is None or row.is_newer_than(known):
                self._keep(row)
                changed.add(row.id)
        if changed:
            self.changed.emit(frozenset(changed))
        self._let_go()
        return frozenset(changed)

    def _keep(self, row: ApprovalRow) -> None:
        self.rows[row.id] = row
        self._decided_since_look += row.view in GROWING

    def _let_go(self) -> None:
        """Now and then: forget the oldest decided rows that no list shows or marks and no decision here is about."""
        if self._decided_since_look < max(LOOKED_EVERY, LOOKED_EVERY_SHARE * len(self.rows)):
            return
        self._decided_since_look = 0
        forget_alike()
        decided: dict[View | None, list[ApprovalRow]] = {view: [] for view in GROWING}
        for row in self.rows.values():
            if (view := row.view) in decided:
                decided[view].append(row)
        gone = [
            row.id
            for view, rows in decided.items()
            for row in newest_first(rows)[self._kept_of(view) :]
            if self._is_free(row)
        ]
        for approval_id in gone:
            del self.rows[approval_id]
        if gone:
            self.changed.emit(frozenset(gone))

    def _kept_of(self, view: View | None) -> int:
        is_opened = view is not None and self.loads[view].phase is not Phase.UNASKED
        return DECIDED_KEPT if is_opened else UNOPENED_KEPT

    def _is_free(self, row: ApprovalRow) -> bool:
        return row.id not in self.local and not any(needs(row.id) for needs in self.pins)

    def in_view(self, view: View) -> set[str]:
        """The ids of the rows that are in a view by the server's word."""
        return {row.id for row in self.rows.values() if row.view is view}

    def forget_missing(self, view: View, missing: Iterable[str], before: float) -> None:
        """After a whole view was fetched: drop rows that the server no longer has in it.

        Rows that came into the view after `before` (server time, seconds), when fetching began, stay.
        """
        known = [self.rows[approval_id] for approval_id in missing if approval_id in self.rows]
        gone = [row.id for row in known if row.view is view and max(row.created_at, row.word.at or 0.0) < before]
        for approval_id in gone:
            del self.rows[approval_id]
        if gone:
            self.changed.emit(frozenset(gone))

    def set_counts(self, counts: Counts) -> None:
        """Take the server's counts over."""
        self.counts_doubtful = False
        if counts != self._counts or not self._counts_known:
            self._counts, self._counts_known = counts, True
            self.changed.emit(frozenset())

    def set_load(self, view: View, load: Load) -> None:
        """Say how far a view is filled."""
        if self.loads[view] != load:
            self.loads[view] = load
            self.changed.emit(frozenset())

    def put_whole(self, whole: ApprovalDetail, row: ApprovalRow) -> None:
        """Keep a whole item, with its row."""
        self._wholes.put(whole)
        known = self.rows.get(row.id)
        if known is not None and row.is_newer_than(known):
            self.put([row])
        self.whole_changed.emit(whole.id)

    def tell_whole(self, approval_id: str, told: Mapping[str, Any]) -> None:
        """An event told all of an approval but what surrounds it."""
        self._wholes.tell(approval_id, told)

    def forget_wholes(self, approval_ids: Iterable[str]) -> None:
        """The whole items are no longer true (a change of what surrounds them)."""
        for approval_id in approval_ids:
            self._wholes.forget(approval_id)

    def clear(self) -> None:
        """Forget all the server said (another scope, another history); decisions made here stay."""
        self.rows.clear()
        self._wholes.clear()
        self.loads = {view: Load() for view in View}
        self._counts, self._counts_known = Counts(), False
        self.changed.emit(ALL)

    # What `decisions` writes

    def decide(self, approval_id: str, decision: LocalDecision) -> None:
        """Show a decision that was made here."""
        self.local[approval_id] = decision
        self.changed.emit(frozenset({approval_id}))

    def undecide(self, approval_id: str) -> None:
        """Take a decision that was made here off the screen."""
        if self.local.pop(approval_id, None) is not None:
            self.changed.emit(frozenset({approval_id}))
