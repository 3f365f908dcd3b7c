"""The rows of the queue, for the table: one line each, or two below 80 columns. Pure drawing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import wrap

from cc_api_client.models.outbox.risk_levels import HIGH_FROM
from cc_tui.state.approvals.lists import ApprovalList, SortKey
from cc_tui.state.approvals.rows import ApprovalRow, LocalDecision, LocalPhase, View, Weight
from cc_tui.state.approvals.store import ApprovalStore
from cc_tui.state.load import Phase
from cc_tui.text.fit import cells, cut_address
from cc_tui.text.formats import age, age_sentence, clock, moment, seconds_left
from cc_tui.text.safe import SafeText, safe_line
from cc_tui.ui.tabs.approvals.draft.faces import kind_word
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line, Piece, field_piece, width_of
from cc_tui.ui.widgets.shape import Shape

KIND = 9
TO_AT = 15
SUBJECT_FROM = 80
"""The cells from which a row has room for the subject."""
_HEADS = {SortKey.KIND: "Kind", SortKey.TO: "To", SortKey.AGE: "Age", SortKey.RISK: "Risk"}
_FIGURES = frozenset({SortKey.AGE, SortKey.RISK})


class QueueRows:
    """What the table shows of one view of the approvals.

    `now` tells the server's time in seconds, `clear_lines` what to say when the queue is empty.
    """

    def __init__(
        self,
        store: ApprovalStore,
        shown: ApprovalList,
        look: Look,
        now: Callable[[], float],
        clear_lines: Callable[[], Sequence[Line]],
    ) -> None:
        self._store = store
        self._look = look
        self._now = now
        self._clear_lines = clear_lines
        self.list = shown
        self.shape = Shape.WIDE
        self.row_height = 1

    def reshape(self, shape: Shape) -> None:
        """Draw for another width."""
        self.shape = shape
        self.row_height = 2 if shape is Shape.PHONE else 1

    # The table's questions

    def count(self) -> int:
        """How many rows there are."""
        return len(self.list.order)

    @property
    def is_told_empty(self) -> bool:
        """Whether it is known that there is nothing, or why it can't be known: not while it loads."""
        load = self._store.loads[self.list.view]
        return not self.list.order and (load.has_rows or load.phase is Phase.FAILED)

    def key_at(self, place: int) -> str:
        """The approval at a place."""
        return self.list.order[place]

    def place_of(self, key: str) -> int | None:
        """Where an approval stands."""
        return self.list.place_of(key)

    def header(self, width: int) -> Line | None:
        """The columns' names; the sorted one wears an arrow, before a figure's and behind a text's."""
        if self.shape is Shape.PHONE:
            return None
        arrow = self._look.signs.descending if not self.list.reversed else self._look.signs.ascending
        heads = dict(_HEADS)
        if (sort := self.list.sort) in heads:
            heads[sort] = f"{arrow} {heads[sort]}" if sort in _FIGURES else f"{heads[sort]} {arrow}"
        line = Line().add(" " * 5)
        line.add(heads[SortKey.KIND], self._head(SortKey.KIND)).to(TO_AT).add(heads[SortKey.TO], self._head(SortKey.TO))
        if width >= SUBJECT_FROM:
            line.to(_subject_at(width)).add("Subject", Token.DIM)
        line.end(f" {heads[SortKey.AGE]}", self._head(SortKey.AGE))
        return line.end(f" {heads[SortKey.RISK]}", self._head(SortKey.RISK)).end(" ")

    def footer(self, width: int) -> Line | None:
        """What arrived and waits, or what is not shown."""
        if self.list.arrived:
            line = Line().add(" " * 5).add(f"{len(self.list.arrived)} new", Token.ACCENT)
            line.add(f" {self._look.signs.dot} ", Token.DIM).add("n", Token.STRONG)
            return line.add(" shows them" if self.shape is not Shape.PHONE else "", Token.DIM)
        if self._store.truncated_at is not None and self.list.view is View.PENDING:
            told = f"first {self._store.truncated_at:,} of {self._store.counts.pending:,}"
            return Line().add(" " * 5).add(told, Token.DIM)
        return None

    def empty(self, width: int, height: int) -> Sequence[Line]:
        """What stands there without a row: loading, failed, nothing found, or the queue is clear."""
        load = self._store.loads[self.list.view]
        if load.phase is Phase.FAILED and not load.has_rows:
            return self._failed(load.error or "the server did not answer", width)
        if not load.has_rows:
            return [Line(), Line().add(" " * 5).add("loading", Token.DIM)]
        if self.list.filter_text:
            words = f"nothing matches {self.list.filter_text!r}"
            return [Line(), Line().add(" " * 5).add(safe_line(words)),
                    Line().add(" " * 5).add("esc", Token.STRONG).add(" takes the filter away", Token.DIM)]  # fmt: skip
        return self._clear_lines()

    def _failed(self, sentence: str, width: int) -> list[Line]:
        """Why there are no rows, as many lines as it takes."""
        first, *rest = wrap(sentence, max(20, width - 9)) or [""]
        lines = [Line(), Line().add(" " * 5).add(f"{self._look.signs.block} ", Token.BAD).add(safe_line(first))]
        lines += [Line().add(" " * 7).add(safe_line(more)) for more in rest]
        return [*lines, Line().add(" " * 7).add("^r", Token.STRONG).add(" tries again", Token.DIM)]

    def row_lines(self, place: int, width: int, *, is_cursor: bool) -> Sequence[Line]:
        """One approval; the cursor's mark in cell 0 is the table's."""
        approval_id = self.list.order[place]
        row = self._store.rows.get(approval_id)
        if row is None:
            return [Line().add(" " * 4).add("no longer in this view", Token.DIM)] * self.row_height
        local = self._store.local.get(approval_id)
        outcome = self._outcome(row, local)
        line = Line().extend(self._signs(row, is_faded=outcome is not None))
        match self.shape:
            case Shape.PHONE:
                return self._two_lines(line, row, outcome, width, is_cursor=is_cursor)
            case _:
                return [self._one_line(line, row, outcome, width, is_cursor=is_cursor)]

    # Drawing

    def _one_line(self, line: Line, row: ApprovalRow, outcome: SafeText | None, width: int, *, is_cursor: bool) -> Line:
        faded = outcome is not None
        plain = Token.DIM if faded else Token.TEXT
        strong = Token.STRONG if is_cursor and not faded else plain
        ends = self._ends(row, outcome)
        line.extend([field_piece(safe_line(kind_word(row.kind)), KIND, plain), (SafeText(" "), plain)])
        has_subject = width >= SUBJECT_FROM
        to_width = _subject_at(width) - TO_AT - 1 if has_subject else width - TO_AT - width_of(ends) - 1
        line.extend([field_piece(cut_address(safe_line(row.to_email), to_width), to_width, strong)])
        if has_subject:
            begin = _subject_at(width)
            subject_room = width - begin - width_of(ends) - 2
            line.to(begin - 1).extend([field_piece(safe_line(row.subject), max(0, subject_room), Token.DIM)])
        line.right = ends
        return line

    def _two_lines(
        self, line: Line, row: ApprovalRow, outcome: SafeText | None, width: int, *, is_cursor: bool
    ) -> list[Line]:
        faded = outcome is not None
        strong = Token.STRONG if is_cursor and not faded else Token.DIM if faded else Token.TEXT
        ends = self._ends(row, outcome)
        address = cut_address(safe_line(row.to_email), width - 6 - width_of(ends))
        line.add(address, strong).right = ends
        below = Line().add(" " * 4).add(f"{kind_word(row.kind)} {self._look.signs.dot} ", Token.DIM)
        below.add(safe_line(row.subject), Token.DIM).end(" ")
        return [line, below]

    def _signs(self, row: ApprovalRow, *, is_faded: bool) -> list[Piece]:
        signs = self._look.signs
        mark: Piece = (SafeText(signs.mark), Token.ACCENT) if row.id in self.list.marks else (SafeText(" "), Token.TEXT)
        if is_faded:
            sign: Piece = (SafeText(" "), Token.DIM)
        elif row.weight is Weight.BLOCK or row.risk >= HIGH_FROM:
            sign = SafeText(signs.block), Token.BAD
        elif row.weight is Weight.WARN:
            sign = SafeText(signs.warn), Token.WARN
        elif row.safe:
            sign = SafeText(signs.safe), Token.OK
        else:
            sign = SafeText(" "), Token.TEXT
        gap: Piece = (SafeText(" "), Token.TEXT)
        return [mark, gap, sign, gap]

    def _ends(self, row: ApprovalRow, outcome: SafeText | None) -> list[Piece]:
        margin: Piece = (SafeText(" "), Token.TEXT)
        if outcome is not None:
            return [(outcome, Token.DIM), margin]
        figure = field_piece(SafeText(str(row.risk)), 5, Token.TEXT, right=True)
        return [field_piece(age(self._now() - row.created_at), 4, Token.DIM, right=True), figure, margin]

    def _head(self, key: SortKey) -> Token:
        return Token.TEXT if key is self.list.sort else Token.DIM

    def _outcome(self, row: ApprovalRow, local: LocalDecision | None) -> SafeText | None:
        """What became of a decided row, in place of age and risk; None while it waits for a person."""
        signs = self._look.signs
        if local is not None:
            return _local_outcome(local, signs.leads_to, signs.rejected, signs.warn)
        if row.status == "pending":
            return None
        return server_outcome(row, self._now(), self._look)


def _local_outcome(local: LocalDecision, leads_to: str, rejected: str, warn: str) -> SafeText:
    sign = rejected if local.verb == "reject" else leads_to
    match local.phase:
        case LocalPhase.CONFLICT:
            return SafeText(f"{warn} conflict")
        case LocalPhase.REFUSED:
            return SafeText(f"{warn} refused")
        case LocalPhase.OFFERED:
            return SafeText(f"{sign} not sent")
        case _:
            return SafeText(f"{sign} undelivered")


_SENT_WORDS = {"call_script": "booked", "contract_change": "in force"}


def server_outcome(row: ApprovalRow, now: float, look: Look) -> SafeText:
    """What the server says became of a decided row; `now` is its time in seconds."""
    signs = look.signs
    match row.status, row.delivery.state:
        case "approved", "held":
            left = row.delivery.not_before - now
            words = f"{signs.leads_to} held {seconds_left(left)}" if left > 0 else f"{signs.leads_to} leaving"
        case "approved", "ready" | "dispatching":
            words = f"{signs.leads_to} waits" if row.delivery.trouble else f"{signs.leads_to} leaving"
        case "approved", "retry_wait":
            words = f"{signs.leads_to} retry {seconds_left(row.delivery.not_before - now)}"
        case "approved", "sent":
            words = f"{signs.safe} {_SENT_WORDS.get(row.kind, 'sent')} {_when(row, now)}"
        case "approved", "failed" | "unknown":
            words = f"{signs.warn} {row.delivery.state}"
        case "rejected", _:
            words = _cut_to_outcome(f"{signs.rejected} {safe_line(row.word.by)}", _when(row, now))
        case _:
            words = safe_line(row.status)
    return SafeText(words)


def _when(row: ApprovalRow, now: float) -> SafeText:
    if row.word.at is None:
        return SafeText("")
    return clock(moment(row.word.at)) if now - row.word.at < 86_400 else age(now - row.word.at)


def _cut_to_outcome(who: str, when: SafeText) -> SafeText:
    room = 16 - cells(when) - 1
    return SafeText(f"{who[:room]} {when}")


def countdown_left(row: ApprovalRow, now: float) -> bool:
    """Whether the row's text runs down by the second."""
    return row.status == "approved" and row.delivery.state in ("held", "retry_wait") and row.delivery.not_before > now


def oldest_words(oldest: float | None, now: float) -> SafeText:
    """`oldest 3 h`, or nothing without a pending row."""
    return SafeText(f"oldest {age_sentence(now - oldest)}") if oldest is not None else SafeText("")


def _subject_at(width: int) -> int:
    """Where subjects begin: of what is there beyond 80 cells the address has half."""
    return TO_AT + 25 + (width - SUBJECT_FROM) // 2
