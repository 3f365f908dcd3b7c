"""Query parameters that recur, and how their mistakes are told (422)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from fastapi import Query

from cc_server.api.http.problems import RequestProblem

Limit = Annotated[int, Query(ge=1, le=500, description="How many at most.")]
Cursor = Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before.")]


def words_of(name: str, text: str | None, known: Iterable[str], place: str = "query") -> frozenset[str]:
    """Words by comma, each one of `known`; empty where nothing is given.

    Raises:
        RequestProblem: a word that is none of them.
    """
    if text is None:
        return frozenset()
    words = frozenset(word.strip() for word in text.split(",") if word.strip())
    allowed = sorted(str(word) for word in known)
    if not words or not words <= set(allowed):
        raise RequestProblem.of_field(place, name, f"expected {', '.join(allowed)}, by comma")
    return words


def one_of(name: str, text: str | None, known: Iterable[str]) -> str | None:
    """One word of `known`, or None where nothing is given.

    Raises:
        RequestProblem: another word.
    """
    allowed = sorted(known)
    if text is not None and text not in allowed:
        raise RequestProblem.of_field("query", name, f"expected {', '.join(allowed)}")
    return text


def sort_of(text: str, known: Iterable[str]) -> tuple[str, bool]:
    """What to sort by, and whether descending.

    Raises:
        RequestProblem: nothing that this list sorts by.
    """
    column = text.removeprefix("-")
    allowed = sorted(known)
    if column not in allowed:
        raise RequestProblem.of_field("query", "sort", f"expected {', '.join(allowed)}, with `-` before it to descend")
    return column, text.startswith("-")
