"""Risk for any text: every span lies inside its text, nothing breaks the judge, and nothing holds it up."""

from __future__ import annotations

import re
import string
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cc_server.domain.risk import links, wording
from cc_server.domain.risk.draft import Draft
from cc_server.domain.risk.judging import FINDERS, FLAGS_OF_ONE_KIND, judge

CLEAN = Draft("email", "maya@clinic.example", "Maya Fischer", "A question", "Hi Maya,\n\na short text.\n\nBest,\nAnna")
HOSTILE = [
    "<a" * 40_000, "<a>" * 27_000, "<a href=" * 10_000, "<a href='x'>y" * 6_000, "](" * 40_000, "[](" * 27_000,
    "[a.b](" * 13_000, "https://a@" * 8_000, "https://" + "a." * 40_000, "www." + "a@" * 40_000, "{{" * 40_000,
    "${" * 40_000, "[A" * 40_000, "[a b " * 16_000, "as an ai " * 9_000, "als " * 20_000, "<|" * 40_000,
    "\u200b" * 80_000, "é" * 80_000, " " * 80_000, "\n" * 80_000, "Hi " + " " * 80_000, "here is a " * 8_000,
    "<" * 80_000, "TODO" * 20_000, "[Company]" * 9_000,
    "a.example@b.example " * 4_000, "ß<A HREF=//x.y>z.w</A>" * 3_600,
]  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_a_body_made_to_take_forever_is_judged_all_the_same(body: str) -> None:
    risk = judge(replace(CLEAN, body=body, subject=body, to_email=body[:1000], to_name=body[:1000]))
    assert len(risk.flags) <= FLAGS_OF_ONE_KIND * len(FINDERS)


ODD = "{}[]<>%@./:\r\n\t\x00\x1b\u200b\u202e\u00adаеοхéß😀 Hi Dear,'’_-"
TEXTS = st.one_of(
    st.text(max_size=80),
    st.text(alphabet=string.ascii_letters + ODD, max_size=80),
    st.sampled_from(
        [
            "{{a}}",
            "[Company]",
            "https://clіnic.example",
            "Hi Oliver,",
            "[a.example](https://b.example)",
            "As an AI model",
            "<a href='//b.example'>a.example</a>",
            "\ud800",
            "😀" * 20,
        ]
    ),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
DRAFTS = st.builds(
    Draft,
    kind=st.sampled_from(["email", "follow_up", "call_script", "proposal", "contract_change", "novel"]),
    to_email=TEXTS,
    to_name=st.none() | TEXTS,
    subject=TEXTS,
    body=st.lists(TEXTS, max_size=4).map(" ".join),
    payload=st.none() | st.dictionaries(st.sampled_from(["amount_usd", "items", "x"]), JSON, max_size=3),
    has_twin=st.booleans(),
    is_suppressed=st.booleans(),
    is_known=st.booleans(),
    days_since_last=st.none() | st.floats(0, 400),
    cooldown_days=st.integers(0, 365),
)


@given(DRAFTS)
@example(replace(CLEAN, body="Hi " + "a" * 50_000))
@example(replace(CLEAN, body="{{" * 5_000))
@example(replace(CLEAN, subject="\ud800"))
def test_any_draft_is_judged_and_each_span_lies_inside_its_text(judged: Draft) -> None:
    risk = judge(judged)
    assert 0 <= risk.score <= 100
    assert risk.score == min(100, sum(part.points for part in risk.parts))
    for flag in risk.flags:
        if flag.span is not None:
            text = getattr(judged, flag.span.field)
            assert 0 <= flag.span.start < flag.span.end <= len(text)


@given(DRAFTS)
def test_the_same_draft_is_always_judged_the_same(judged: Draft) -> None:
    assert judge(judged) == judge(judged)


@pytest.mark.parametrize("pattern", [wording._A_MODEL_SPEAKS, wording._SOUNDS_LIKE_A_MODEL], ids=["speaks", "sounds"])
@given(data=st.data())
def test_a_models_voice_is_never_missed_for_want_of_a_hint(pattern: re.Pattern[str], data: st.DataObject) -> None:
    assert wording._may_match(pattern, data.draw(st.from_regex(pattern)))


@given(text=st.from_regex(wording.PLACEHOLDERS))
def test_a_gap_is_never_missed_for_want_of_a_hint(text: str) -> None:
    assert any(flag.code == "placeholder" for flag in wording.placeholder(replace(CLEAN, body=text)))


@given(text=st.from_regex(links.LINKS))
def test_a_link_is_never_missed_for_want_of_a_hint(text: str) -> None:
    assert list(links._bare_links(text))
