"""The one filter grammar: `kind=email risk<40 to~acme.com age>2h safe not (agent=outreach or invoice)`.

Words search in the row's text. A field is compared with `= != < > <= >=`, `~` means contains; terms stand side by side
for "and". A mistake names its place. Pure: knows fields by name, not what they belong to.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, Generic, TypeVar

RowT = TypeVar("RowT")
Predicate = Callable[[RowT], bool]

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
DEEPEST = 50
"""Brackets and "not"s within one another."""
_TOKEN = re.compile(r'\s*(?:(?P<paren>[()])|(?P<quoted>"[^"]*"?)|(?P<word>[^\s()"]+(?:"[^"]*"?)?))')
_TERM = re.compile(r"(?P<name>[A-Za-z_]+)(?P<op>!=|<=|>=|=|<|>|~)(?P<value>.*)", re.DOTALL)
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


class FieldKind(StrEnum):
    """How a field's value is read and compared."""

    TEXT = "text"
    NUMBER = "number"
    AGE = "age"
    YES = "yes"


@dataclass(frozen=True, slots=True)
class Field(Generic[RowT]):
    """A field that a filter may name; an age is in seconds."""

    kind: FieldKind
    of: Callable[[RowT], Any]
    words: Mapping[str, str] = field(default_factory=dict)
    """Other words for a value, as the screen writes it."""
    values: Collection[str] = ()
    """All values there are, where these are few: another one after `=` is a mistake that names them."""


class FilterMistake(ValueError):
    """A filter that can't be read; `start` and `end` are the place in its text."""

    def __init__(self, sentence: str, start: int, end: int) -> None:
        super().__init__(sentence)
        self.start = start
        self.end = end


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int
    quoted: bool = False


def parse_filter(text: str, fields: Mapping[str, Field[RowT]], searched: Callable[[RowT], str]) -> Predicate[RowT]:
    """Read a filter; an empty one lets everything through.

    Args:
        text: what the operator typed.
        fields: the fields it may name.
        searched: the text of a row, in lower case, that plain words are looked for in.

    Raises:
        FilterMistake: it can't be read; says what and where.
    """
    tokens = _tokens(text)
    if not tokens:
        return lambda _row: True
    reader = _Reader(tokens, len(text), fields, searched)
    predicate = reader.either()
    reader.expect_end()
    return predicate


def _tokens(text: str) -> list[_Token]:
    found = []
    for match in _TOKEN.finditer(text):
        name = match.lastgroup or ""
        piece = match.group(name)
        start = match.start(name)
        if name == "quoted":
            found.append(_Token(piece.strip('"'), start, match.end(), quoted=True))
        else:
            found.append(_Token(piece, start, match.end()))
    return found


class _Reader(Generic[RowT]):
    """Recursive descent over the tokens: either → both → one."""

    def __init__(
        self, tokens: list[_Token], end: int, fields: Mapping[str, Field[RowT]], searched: Callable[[RowT], str]
    ) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._end = end
        self._fields = fields
        self._searched = searched

    def _peek(self) -> str | None:
        if self._at == len(self._tokens):
            return None
        token = self._tokens[self._at]
        return None if token.quoted else token.text.lower()

    def expect_end(self) -> None:
        """Everything was read."""
        if self._at < len(self._tokens):
            token = self._tokens[self._at]
            raise FilterMistake("this bracket closes nothing", token.start, token.end)

    def either(self) -> Predicate[RowT]:
        parts = [self._both()]
        while self._peek() == "or":
            self._at += 1
            parts.append(self._both())
        return _any_of(parts)

    def _both(self) -> Predicate[RowT]:
        parts = [self._one()]
        while self._at < len(self._tokens) and self._peek() not in ("or", ")"):
            if self._peek() == "and":
                self._at += 1
            parts.append(self._one())
        return _all_of(parts)

    def _one(self) -> Predicate[RowT]:
        if self._at == len(self._tokens):
            raise FilterMistake("something is missing at the end", self._end, self._end)
        token = self._tokens[self._at]
        word = self._peek()
        if word in ("or", "and", ")"):
            raise FilterMistake(f"something is missing before {word!r}", token.start, token.end)
        self._at += 1
        if word not in ("not", "("):
            return self._term(token)
        self._depth += 1
        if self._depth > DEEPEST:
            raise FilterMistake(f"nested deeper than {DEEPEST} levels", token.start, token.end)
        inner = _none_of(self._one()) if word == "not" else self._bracket(token)
        self._depth -= 1
        return inner

    def _bracket(self, opened: _Token) -> Predicate[RowT]:
        inner = self.either()
        if self._peek() != ")":
            raise FilterMistake("this bracket is never closed", opened.start, opened.end)
        self._at += 1
        return inner

    def _term(self, token: _Token) -> Predicate[RowT]:
        match = None if token.quoted else _TERM.fullmatch(token.text)
        if match is None:
            return self._word(token)
        name = match["name"].lower()
        field = self._fields.get(name)
        if field is None:
            near = get_close_matches(name, self._fields, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(self._fields)}"
            raise FilterMistake(f"no field {name!r}{hint}", token.start, token.start + len(match["name"]))
        value = match["value"].strip('"')
        start = token.start + match.start("value")
        if field.values and match["op"] in ("=", "!="):
            _expect_one_of(field, name, value.lower(), start, token.end)
        return _comparison(field, match["op"], value, start, token.end)

    def _word(self, token: _Token) -> Predicate[RowT]:
        word = token.text.lower()
        field = self._fields.get(word)
        if field is not None and field.kind is FieldKind.YES and not token.quoted:
            return lambda row: bool(field.of(row))
        searched = self._searched
        return lambda row: word in searched(row)


def _expect_one_of(field: Field[Any], name: str, value: str, start: int, end: int) -> None:
    """Refuse a value that there is none of."""
    if field.words.get(value, value) in field.values:
        return
    shown = {told: word for word, told in field.words.items()}
    *others, last = (shown.get(one, one) for one in field.values)
    raise FilterMistake(f"{name} is {', '.join(others)} or {last}", start, end)


def _comparison(field: Field[RowT], sign: str, value: str, start: int, end: int) -> Predicate[RowT]:
    of = field.of
    if field.kind is FieldKind.TEXT:
        wanted = field.words.get(value.lower(), value.lower())
        if sign == "~":
            return lambda row: wanted in str(of(row)).lower()
        if sign in ("=", "!="):
            compare = _OPERATORS[sign]
            return lambda row: compare(str(of(row)).lower(), wanted)
        raise FilterMistake(f"text is compared with = != or ~, not with {sign!r}", start, end)
    if sign == "~":
        raise FilterMistake("'~' looks into text; this field is a figure", start, end)
    compare = _OPERATORS[sign]
    limit = _figure(field.kind, value, start, end)
    return lambda row: (figure := of(row)) is not None and compare(figure, limit)


def _figure(kind: FieldKind, value: str, start: int, end: int) -> float | bool:
    if kind is FieldKind.YES:
        if value.lower() in ("yes", "no", "true", "false"):
            return value.lower() in ("yes", "true")
        raise FilterMistake("expected yes or no", start, end)
    if kind is FieldKind.AGE:
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", value)
        if match is None:
            raise FilterMistake("expected an age such as 30m, 2h or 3d", start, end)
        return float(match[1]) * _SECONDS[match[2]]
    try:
        return float(value)
    except ValueError:
        raise FilterMistake("expected a number", start, end) from None


def _any_of(parts: list[Predicate[RowT]]) -> Predicate[RowT]:
    return parts[0] if len(parts) == 1 else lambda row: any(part(row) for part in parts)


def _all_of(parts: list[Predicate[RowT]]) -> Predicate[RowT]:
    return parts[0] if len(parts) == 1 else lambda row: all(part(row) for part in parts)


def _none_of(inner: Predicate[RowT]) -> Predicate[RowT]:
    return lambda row: not inner(row)
