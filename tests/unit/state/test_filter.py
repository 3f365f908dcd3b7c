"""The filter grammar: what it lets through, and how a mistake is placed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cc_tui.state.approvals.lists import approval_fields, searched_text
from cc_tui.state.filter import FilterMistake, parse_filter
from tests.support.rows import NOON, row

FIELDS = approval_fields(NOON.timestamp)


def passes(text: str, **changes: object) -> bool:
    return parse_filter(text, FIELDS, searched_text)(row(1, **changes))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "person",
        "PERSON subject",
        "kind=email",
        "kind!=proposal",
        "risk<40",
        "risk>=10 risk<=10",
        "to~clinic1",
        "age>1h age<3h",
        "expires<1d",
        "not safe",
        "safe=no",
        "kind=proposal or kind=email",
        "not (kind=proposal or risk>50)",
        '"Person 1"',
        'name="Person 1"',
        'subject~"subject 1" and kind=email',
        "kind!=follow-up kind!=follow_up kind~mai",
        "status=pending status!=withdrawn",
    ],
)
def test_it_lets_the_row_through(text: str) -> None:
    assert passes(text)


@pytest.mark.parametrize("text", ["nobody", "kind=proposal", "risk>40", "safe", "not person", "age>1d", '"person  1"'])
def test_it_hides_the_row(text: str) -> None:
    assert not passes(text)


@pytest.mark.parametrize(
    ("text", "sentence", "place"),
    [
        ("risc<40", "did you mean 'risk'", (0, 4)),
        ("kind=email risk<many", "expected a number", (16, 20)),
        ("age>2x", "such as 30m", (4, 6)),
        ("kind=prop", "kind is email, follow-up, call, proposal or contract", (5, 9)),
        ("risk<40 status!=open", "status is pending, approved, rejected, expired or withdrawn", (16, 20)),
        ("delivery=gone", "delivery is held, ready, dispatching, retry_wait, sent, failed, unknown", (9, 13)),
        ("(kind=email", "never closed", (0, 1)),
        ("kind=email)", "closes nothing", (10, 11)),
        ("kind=email or", "missing at the end", (13, 13)),
        ("or kind=email", "missing before", (0, 2)),
        ("risk~4", "is a figure", (5, 6)),
        ("safe=maybe", "yes or no", (5, 10)),
        ("(" * 3_000, "nested deeper", (50, 51)),
        ("not " * 3_000, "nested deeper", (200, 203)),
    ],
)
def test_a_mistake_says_what_and_where(text: str, sentence: str, place: tuple[int, int]) -> None:
    with pytest.raises(FilterMistake, match=sentence) as caught:
        parse_filter(text, FIELDS, searched_text)
    assert (caught.value.start, caught.value.end) == place


@given(st.text(alphabet='abkind=<>~!()" orntage12h\x1b', max_size=40))
def test_any_text_is_a_filter_or_a_placed_mistake(text: str) -> None:
    try:
        predicate = parse_filter(text, FIELDS, searched_text)
    except FilterMistake as mistake:
        assert 0 <= mistake.start <= mistake.end <= len(text)
    else:
        assert predicate(row(1)) in (True, False)


@pytest.mark.parametrize("joint", [" ", " and ", " or "])
def test_a_filter_of_thousands_of_words_is_read_and_applied(joint: str) -> None:
    assert passes(joint.join(["person"] * 3_000))


def test_brackets_side_by_side_are_not_deep() -> None:
    assert passes(" ".join(["(not (risk>90))"] * 200))
