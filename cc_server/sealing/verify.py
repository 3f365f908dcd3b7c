"""Verifies an audit trail: which rows were altered, which are missing, and whether its end was cut off.

Pure: it is given the rows, the keys and the anchor, and says what it finds. A row is judged by its own seal, so that
one that was changed is told apart from its neighbours; the chain shows rows that were put in the place of others.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cc_server.sealing.anchor import Anchor
from cc_server.sealing.chain import FIRST, seal_of
from cc_server.sealing.keys import AuditKeys

RESTORED = "installation.restore"
"""The action of the row that tells of a restore; `after.epoch` names the history that it began."""


class Kind(StrEnum):
    """What can be wrong with a trail."""

    ALTERED = "altered"
    MISSING = "missing"
    CUT_OFF = "cut off"
    NO_ANCHOR = "no anchor"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong, from one row to another."""

    kind: Kind
    first: int
    last: int
    why: str = ""

    def __str__(self) -> str:
        rows = f"row {self.first}" if self.first == self.last else f"rows {self.first} to {self.last}"
        place = f"{self.kind}: {rows}" if self.first else str(self.kind)
        return f"{place}: {self.why}" if self.why else place


@dataclass(slots=True)
class Verdict:
    """What a trail is worth.

    `sealed` rows were checked; `unsealed` ones are older than sealing, and `keyless` ones were sealed with a key that
    is gone: nothing vouches for those two.
    """

    sealed: int = 0
    unsealed: int = 0
    keyless: int = 0
    last: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


class Verifier:
    """Takes the rows one by one, in their order.

    Args:
        keys: the audit keys.
        anchor: where the trail stood; None where there is no anchor. Read before the first row.
        epoch: which history of the database this is.
    """

    def __init__(self, keys: AuditKeys, anchor: Anchor | None, epoch: str) -> None:
        self._keys = keys
        self._anchor = anchor
        self._epoch = epoch
        self._before: str | None = FIRST
        self._before_is_true = True
        self._restored_to: set[str] = set()
        self._restored_from: set[str] = set()
        self.verdict = Verdict()

    def check(self, rows: Iterable[Mapping[Any, Any]]) -> Verdict:
        """Look at every row, then at the end."""
        for row in rows:
            self._look(row)
        self._look_at_end()
        return self.verdict

    def _look(self, row: Mapping[Any, Any]) -> None:
        seq = int(row["seq"])
        if seq > self.verdict.last + 1:
            self._find(Kind.MISSING, self.verdict.last + 1, seq - 1)
            self._before = None
        self.verdict.last = seq
        if row["seal"] is None and self.verdict.sealed == self.verdict.keyless == 0:
            self.verdict.unsealed += 1
            self._compare_with_anchor(seq, FIRST)
            return
        is_true = self._is_true(seq, row)
        if not is_true:
            self._find(Kind.ALTERED, seq, seq)
        elif self._before is not None and row["follows"] != self._before and self._before_is_true:
            self._find(Kind.ALTERED, seq - 1, seq - 1, "another genuine row stands in its place")
        if is_true and row["action"] == RESTORED:
            self._restored_to.add(str((row["after"] or {}).get("epoch")))
            self._restored_from.add(str((row["before"] or {}).get("epoch")))
        if is_true:
            self._compare_with_anchor(seq, row["seal"])
        self._before, self._before_is_true = row["seal"], is_true

    def _is_true(self, seq: int, row: Mapping[Any, Any]) -> bool:
        """Whether a row is as it was sealed, as far as a key is there to tell."""
        key = self._keys.of(seq)
        if key is None:
            self.verdict.keyless += 1
            return True
        self.verdict.sealed += 1
        return hmac.compare_digest(seal_of(key, seq, str(row["follows"]), row), str(row["seal"]))

    def _compare_with_anchor(self, seq: int, seal: str) -> None:
        anchor = self._anchor
        if anchor is not None and anchor.epoch == self._epoch and anchor.seq == seq and anchor.seal != seal:
            self._find(Kind.ALTERED, seq, seq, "the anchor knows another row in its place")

    def _look_at_end(self) -> None:
        anchor = self._anchor
        if anchor is None:
            why = (
                "whether rows were cut off at the end can't be told; a server that runs writes one, "
                "so before the first start there is none yet"
            )
            self.verdict.findings.append(Finding(Kind.NO_ANCHOR, 0, 0, why))
        elif anchor.epoch != self._epoch and not self._is_explained(anchor.epoch):
            why = "the anchor is of another history, and no row tells of a restore"
            self._find(Kind.CUT_OFF, self.verdict.last + 1, max(anchor.seq, self.verdict.last + 1), why)
        elif anchor.epoch == self._epoch and anchor.seq > self.verdict.last:
            self._find(Kind.CUT_OFF, self.verdict.last + 1, anchor.seq)

    def _is_explained(self, epoch: str) -> bool:
        """Whether sealed rows tell of restores that left that history, and that began this one."""
        return epoch in self._restored_from and self._epoch in self._restored_to

    def _find(self, kind: Kind, first: int, last: int, why: str = "") -> None:
        """Note a finding; neighbours of a kind are told as one."""
        told = self.verdict.findings
        if told and told[-1].kind is kind and told[-1].last == first - 1 and told[-1].why == why:
            first = told.pop().first
        told.append(Finding(kind, first, last, why))
