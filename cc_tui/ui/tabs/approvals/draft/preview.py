"""The draft as the operator reads it: pure drawing, from what is known to lines.

The guard needs to know which lines carry what, so every line says which part of the draft it is. Text is made safe
here, as it is wrapped; nothing from outside reaches a line in another way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cc_tui.state.approvals.rows import ApprovalRow, Weight
from cc_tui.text.fit import cells
from cc_tui.text.formats import age_sentence, clock
from cc_tui.text.safe import SafeText, WrappedLine, safe_line, safe_lines
from cc_tui.ui.tabs.approvals.draft.faces import KIND_TITLES, Face, face_of
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line, Piece, width_of
from cc_tui.ui.widgets.shape import Shape

if TYPE_CHECKING:
    from cc_api_client.models.outbox.approvals import ApprovalDetail, Flag

PROSE_MOST = 66
DOT = " · "
GUTTER = 2
_SPAN_TOKENS = {"block": Token.BAD_SPAN}
_FLAG_TOKENS = {"block": Token.BAD_STRONG, "warn": Token.WARN_STRONG, "info": Token.DIM}


class Part(StrEnum):
    """Which part of a draft a line shows."""

    RECIPIENT = "recipient"
    SUBJECT = "subject"
    BODY = "body"
    OTHER = "other"


_BACK_WORDS = {"undone": "the decision{who} was taken back", "blocked": "approved{who}, stopped before it left"}


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """One line; `is_flagged` when a flagged span touches it."""

    line: Line
    part: Part = Part.OTHER
    is_flagged: bool = False


@dataclass(frozen=True, slots=True)
class PreviewFacts:
    """What the preview is drawn from.

    `now` is the server's time in seconds; `note` is a warning about what is shown (an old link); `diff` takes the place
    of the text.
    """

    row: ApprovalRow
    whole: ApprovalDetail | None
    client_name: str
    now: float
    note: str = ""
    waiting: str = "loading"
    """What stands in place of a text that is not at hand."""
    diff: Sequence[tuple[str, str]] | None = None


class PreviewDrawing:
    """Draws one draft; `width` is the pane's without its margin at the right."""

    def __init__(self, facts: PreviewFacts, width: int, shape: Shape, look: Look) -> None:
        self._facts = facts
        self._row = facts.row
        self._item = facts.whole
        self._look = look
        self._shape = shape
        self._width = width
        self._margin = 2 if shape is Shape.WIDE else 1
        most = PROSE_MOST if shape is Shape.WIDE else width
        self.text_width = max(8, min(width - GUTTER, most))

    def draw(self) -> list[PreviewLine]:
        """The draft itself: to whom, what is wrong with it, subject, what its kind shows, text."""
        return [*self._head(), *self._note(), *self._flags(), *self._subject(), *self._face(), *self._body()]

    # The head

    def _head(self) -> Iterator[PreviewLine]:
        match self._shape:
            case Shape.WIDE:
                yield from self._who(self._risk())
                yield from self._two_ended([(self._origin(), Token.DIM)], [(self._expiry(), Token.DIM)], Part.OTHER)
                yield self._line([])
            case Shape.NARROW:
                yield from self._narrow_head()
            case Shape.PHONE:
                yield from self._phone_head()

    def _phone_head(self) -> Iterator[PreviewLine]:
        """Name and risk, the address whole, where it comes from; the expiry beside what leaves it room."""
        yield self._line(self._name()[:-1] or [(SafeText("–"), Token.DIM)], right=self._risk())
        address = self._address()
        room = self._width - GUTTER - width_of(address) - 2
        beside = next((one for one in (self._expiry(), self._expiry(short=True)) if cells(one) <= room), SafeText(""))
        yield from self._two_ended(address, [(beside, Token.DIM)], Part.RECIPIENT)
        words = [*self._origin_words(), "" if beside else self._expiry(short=True)]
        for told in _filled([word for word in words if word], self.text_width):
            for wrapped in safe_lines(told, self.text_width):
                yield self._line([(wrapped.text, Token.DIM)])
        yield self._line([])

    def _who(self, right: list[Piece]) -> Iterator[PreviewLine]:
        """Name and address with `right` at the end; on two lines where one is too short: neither is ever cut."""
        name, address = self._name(), self._address()
        if not name or width_of([*name, *address, *right]) + 2 <= self._width - GUTTER:
            yield from self._two_ended([*name, *address], right, Part.RECIPIENT)
        else:
            yield from self._two_ended(name[:-1], right, Part.RECIPIENT)
            yield from self._two_ended(address, [], Part.RECIPIENT)

    def _narrow_head(self) -> Iterator[PreviewLine]:
        who = [*self._name(), *self._address()]
        right: list[Piece] = [(self._expiry(short=True), Token.DIM), (SafeText("  "), Token.DIM), *self._risk()]
        about = [SafeText(f" · {safe_line(word)}") for word in (self._facts.client_name, self._row.agent) if word]
        room = self._width - GUTTER - width_of(right) - 2 - width_of(who)
        if room < 0:
            yield from self._who(right)
            return
        for word in about:
            if cells(word) <= room:
                who.append((word, Token.DIM))
                room -= cells(word)
        yield from self._two_ended(who, right, Part.RECIPIENT)

    def _address(self) -> list[Piece]:
        return self._spanned("to_email", self._row.to_email, Token.TEXT)

    def _name(self) -> list[Piece]:
        if not self._row.to_name:
            return []
        return [*self._spanned("to_name", self._row.to_name, Token.STRONG), (SafeText("  "), Token.TEXT)]

    def _risk(self) -> list[Piece]:
        pieces: list[Piece] = [(SafeText("risk "), Token.DIM), (SafeText(str(self._row.risk)), Token.STRONG)]
        signs = self._look.signs
        match self._row.weight:
            case Weight.BLOCK:
                word: list[Piece] = [(SafeText(f"  {signs.block} block"), Token.BAD_STRONG)]
            case Weight.WARN:
                word = [(SafeText(f"  {signs.warn} warn"), Token.WARN_STRONG)]
            case _ if self._row.safe:
                word = [(SafeText(f"  {signs.safe}"), Token.OK), (SafeText(" safe"), Token.TEXT)]
            case _:
                word = []
        return [*pieces, *word]

    def _origin(self) -> SafeText:
        return safe_line(DOT.join(self._origin_words()))

    def _origin_words(self) -> list[str]:
        kind = KIND_TITLES.get(self._row.kind, self._row.kind)
        words = [f"{kind} by {self._row.agent or 'an unnamed agent'}", self._facts.client_name]
        if self._item is not None and self._item.lead is not None and self._item.lead.score is not None:
            words.append(f"lead {self._item.lead.score}")
        return [word for word in words if word]

    def _expiry(self, *, short: bool = False) -> SafeText:
        if self._row.is_decided or self._row.expires_at is None:
            return SafeText("")
        left = self._row.expires_at - self._facts.now
        if left <= 0:
            return SafeText("expired")
        return SafeText(f"{age_sentence(left)} left" if short else f"expires in {age_sentence(left)}")

    # What should be known before reading

    def _note(self) -> Iterator[PreviewLine]:
        if not self._facts.note:
            return
        for number, wrapped in enumerate(safe_lines(self._facts.note, self.text_width - 2)):
            sign = f"{self._look.signs.warn} " if number == 0 else "  "
            yield self._line([(SafeText(sign), Token.WARN), (wrapped.text, Token.DIM)])
        yield self._line([])

    def _flags(self) -> Iterator[PreviewLine]:
        flags = self._item.risk.flags if self._item is not None else []
        if flags:
            names = [safe_line(flag.code) for flag in flags]
            widest = max(map(cells, names))
            for flag, name in zip(flags, names, strict=True):
                yield from self._flag(flag, name, widest)
            yield self._line([])
        returned = self._item.returned if self._item is not None else None
        if returned is not None:
            who = f" by {returned.decided_by}" if returned.decided_by else ""
            words = _BACK_WORDS.get(returned.why, returned.why).format(who=who)
            told = f"{words}: {'; '.join(returned.reasons)}" if returned.reasons else words
            yield from self._labelled("Back", told, Token.TEXT)
            yield self._line([])
        if self._item is not None and self._item.edited_by:
            told = f"by {self._item.edited_by} {clock(self._item.edited_at)}, v shows what"
            yield from self._labelled("Edited", told, Token.TEXT)
            yield self._line([])

    def _flag(self, flag: Flag, name: SafeText, widest: int) -> Iterator[PreviewLine]:
        token = _FLAG_TOKENS.get(str(flag.severity), Token.WARN_STRONG)
        signs = self._look.signs
        sign = {"block": signs.block, "info": signs.dot}.get(str(flag.severity), signs.warn)
        place = self._line_of_span(flag)
        message = f"{place}{flag.message or ''}"
        indent = 2 + widest + 2
        wrapped = safe_lines(message, max(8, self.text_width - indent)) or safe_lines(" ", 2)
        for number, one in enumerate(wrapped):
            head = f"{sign} {name}" if number == 0 else ""
            line = Line().add(" " * GUTTER).add(head, token).to(GUTTER + indent).add(one.text)
            yield PreviewLine(line)

    def _line_of_span(self, flag: Flag) -> str:
        if flag.span is None or flag.span.field != "body" or self._item is None or self._item.body is None:
            return ""
        return f"line {self._item.body.count(chr(10), 0, flag.span.start) + 1} · "

    # The message

    def _subject(self) -> Iterator[PreviewLine]:
        spans = self._spans("subject")
        if self._shape is Shape.PHONE:
            yield self._line([(SafeText("Subject"), Token.DIM)])
            yield from self._text(self._row.subject, spans, Token.STRONG, Part.SUBJECT)
        else:
            wrapped = safe_lines(self._row.subject, self.text_width - 9) or safe_lines(" ", 2)
            for number, one in enumerate(wrapped):
                label = "Subject  " if number == 0 else " " * 9
                pieces = [(SafeText(label), Token.DIM), *self._pieces(one, spans, Token.STRONG)]
                yield self._line(pieces, part=Part.SUBJECT, gutter=self._mark(one, spans))
        yield self._line([])

    def _face(self) -> Iterator[PreviewLine]:
        if self._item is None:
            return
        face = face_of(self._item)
        for fact in face.facts:
            yield from self._labelled(fact.label, fact.value, Token.STRONG if fact.is_strong else Token.TEXT)
        if face.facts and face.items:
            yield self._line([])
        yield from self._items(face)
        for number, clause in enumerate(face.clauses):
            if number or face.facts:
                yield self._line([])
            yield self._line([(safe_line(clause.name), Token.STRONG)], part=Part.BODY)
            yield from self._labelled("old", clause.old, Token.DIM)
            yield from self._labelled("new", clause.new, Token.TEXT)
        if face.facts or face.items or face.clauses:
            yield self._line([])

    def _items(self, face: Face) -> Iterator[PreviewLine]:
        for name, quantity, amount in face.items:
            right: list[Piece] = [
                (SafeText(f"{safe_line(quantity)} × " if quantity else ""), Token.DIM),
                (safe_line(amount), Token.TEXT),
            ]
            yield from self._two_ended([(safe_line(name), Token.TEXT)], right, Part.BODY)

    def _body(self) -> Iterator[PreviewLine]:
        if self._facts.diff is not None:
            yield from self._diff(self._facts.diff)
        elif self._item is None:
            yield self._line([(SafeText(self._facts.waiting), Token.DIM)])
        elif self._item.body is None or not self._item.body.strip():
            yield self._line([(SafeText("no text"), Token.DIM)], part=Part.BODY)
        else:
            yield from self._text(self._item.body, self._spans("body"), Token.TEXT, Part.BODY)

    def _diff(self, diff: Sequence[tuple[str, str]]) -> Iterator[PreviewLine]:
        tokens = {"+": Token.OK, "-": Token.BAD, " ": Token.DIM}
        for sign, text in diff:
            for wrapped in safe_lines(text, self.text_width - 2) or safe_lines(" ", 2):
                token = tokens.get(sign, Token.DIM)
                yield self._line([(SafeText(f"{sign} "), token), (wrapped.text, token)])

    # Pieces and lines

    def _text(self, text: str, spans: Sequence[Flag], token: Token, part: Part) -> Iterator[PreviewLine]:
        for wrapped in safe_lines(text, self.text_width):
            yield self._line(self._pieces(wrapped, spans, token), part=part, gutter=self._mark(wrapped, spans))

    def _spans(self, field: str) -> list[Flag]:
        flags = self._item.risk.flags if self._item is not None else []
        return [flag for flag in flags if flag.span is not None and flag.span.field == field]

    def _spanned(self, field: str, text: str, token: Token) -> list[Piece]:
        """A short text of one line with its flagged spans set off."""
        lines = safe_lines(text, 10_000)
        return self._pieces(lines[0], self._spans(field), token) if lines else []

    def _pieces(self, wrapped: WrappedLine, spans: Sequence[Flag], token: Token) -> list[Piece]:
        tokens: list[Token] = [token] * (wrapped.end - wrapped.start)
        for flag in sorted(spans, key=lambda one: str(one.severity) == "block"):
            if flag.span is not None:
                styled = _SPAN_TOKENS.get(str(flag.severity), Token.WARN_SPAN)
                for point in range(max(flag.span.start, wrapped.start), min(flag.span.end, wrapped.end)):
                    tokens[point - wrapped.start] = styled
        return list(_runs(wrapped, tokens))

    def _mark(self, wrapped: WrappedLine, spans: Sequence[Flag]) -> Piece | None:
        touching = [
            flag for flag in spans
            if flag.span is not None and flag.span.start < wrapped.end and flag.span.end > wrapped.start
        ]  # fmt: skip
        if not touching:
            return None
        if any(str(flag.severity) == "block" for flag in touching):
            return SafeText(self._look.signs.block), Token.BAD
        return SafeText(self._look.signs.warn), Token.WARN

    def _labelled(self, label: str, value: str, token: Token) -> Iterator[PreviewLine]:
        for number, wrapped in enumerate(safe_lines(value, self.text_width - 9) or safe_lines("–", 2)):
            head = SafeText(f"{label:<9}" if number == 0 else " " * 9)
            yield self._line([(head, Token.DIM), (wrapped.text, token)], part=Part.BODY)

    def _two_ended(self, left: list[Piece], right: list[Piece], part: Part) -> Iterator[PreviewLine]:
        """Left and right on one line where they fit, else the right one below: a recipient is never cut."""
        if width_of(left) + 2 + width_of(right) <= self._width - GUTTER:
            yield self._line(left, right=right, part=part)
            return
        text = "".join(piece for piece, _token in left)
        for wrapped in safe_lines(text, self.text_width):
            yield self._line([(wrapped.text, left[0][1])], part=part)
        if width_of(right):
            yield self._line([], right=right)

    def _line(
        self,
        pieces: Iterable[Piece],
        *,
        right: Iterable[Piece] = (),
        part: Part = Part.OTHER,
        gutter: Piece | None = None,
    ) -> PreviewLine:
        line = Line().extend([gutter or (SafeText(" "), Token.TEXT), (SafeText(" "), Token.TEXT), *pieces])
        ending = list(right)
        if ending:
            line.right = [*ending, (SafeText(" " * self._margin), Token.TEXT)]
        return PreviewLine(line, part, is_flagged=gutter is not None)


def _filled(words: Sequence[str], width: int) -> Iterator[str]:
    """The words joined by dots, as many on a line as fit: no line begins with a dot."""
    line = ""
    for word in words:
        if line and len(line) + len(DOT) + len(word) > width:
            yield line
            line = ""
        line = f"{line}{DOT}{word}" if line else word
    yield line


def _runs(wrapped: WrappedLine, tokens: Sequence[Token]) -> Iterator[Piece]:
    """The wrapped line's text in runs of one token; `tokens` has one a code point."""
    place = 0
    while place < len(tokens):
        end = place
        while end < len(tokens) and tokens[end] is tokens[place]:
            end += 1
        yield wrapped.part(wrapped.start + place, wrapped.start + end), tokens[place]
        place = end
