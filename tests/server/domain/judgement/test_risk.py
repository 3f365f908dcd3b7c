"""What is wrong with a draft: each flag where it belongs, spans in code points, and no text that breaks the judge."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cc_api_client.models.outbox.approvals import Flag
from cc_api_client.models.outbox.policy import FlagCode
from cc_server.domain.risk.draft import Draft
from cc_server.domain.risk.judging import FINDERS, is_deliverable, judge
from cc_server.domain.risk.recipient import is_address

CLEAN = Draft("email", "maya@clinic.example", "Maya Fischer", "A question", "Hi Maya,\n\na short text.\n\nBest,\nAnna")
WIDE = "😀𝒳 "
"""Two code points beyond 16 bits and a space: three code points, five UTF-16 units, nine bytes."""


def draft(**changes: object) -> Draft:
    return replace(CLEAN, **changes)  # type: ignore[arg-type]


def found(judged: Draft, code: str) -> list[Flag]:
    return [flag for flag in judge(judged).flags if flag.code == code]


def marked(judged: Draft, flag: Flag) -> tuple[str, str]:
    """The field of a flag's span, and the piece of text that it marks."""
    assert flag.span is not None
    text = getattr(judged, flag.span.field)
    return flag.span.field, text[flag.span.start : flag.span.end]


def test_a_harmless_draft_has_no_flags_and_the_score_of_its_kind() -> None:
    risk = judge(CLEAN)
    assert (risk.flags, risk.score, [part.code for part in risk.parts]) == ([], 10, ["base_email"])


@pytest.mark.parametrize(
    ("kind", "score"),
    [("follow_up", 4), ("call_script", 6), ("email", 10), ("proposal", 30), ("contract_change", 40), ("novel", 20)],
)
def test_each_kind_has_a_score_to_begin_with(kind: str, score: int) -> None:
    assert judge(draft(kind=kind)).score == score


@pytest.mark.parametrize(
    "gap", ["{{meeting_link}}", "{{ first name }}", "[Company]", "[Your Name]", "<NAME>", "%NAME%"]
)
@pytest.mark.parametrize("field", ["subject", "body"])
def test_a_gap_that_was_never_filled_in_is_marked_where_it_stands(gap: str, field: str) -> None:
    judged = draft(**{field: f"{WIDE}before {gap} after"})
    (flag,) = found(judged, "placeholder")
    assert (flag.severity, marked(judged, flag)) == ("block", (field, gap))
    assert flag.span is not None
    assert flag.span.start == 10


def test_every_gap_is_marked_and_the_score_counts_them_once() -> None:
    judged = draft(body="[Company] and {{name}} and [Company]")
    assert [marked(judged, flag)[1] for flag in found(judged, "placeholder")] == ["[Company]", "{{name}}", "[Company]"]
    assert judge(judged).score == 50


@pytest.mark.parametrize("text", ["see [1]", "a < b > c", "100 % sure, 50 %", "{ not a gap }", "array[0]"])
def test_brackets_that_mean_something_else_are_left_alone(text: str) -> None:
    assert found(draft(body=text), "placeholder") == []


def test_a_gap_of_several_small_words_is_found() -> None:
    assert found(draft(body="The example I mentioned is here: [case study]"), "placeholder")


@pytest.mark.parametrize("greeting", ["Hi", "Hello", "Dear", "Hey", "Hallo", "Liebe", "Lieber", "Hola", "Bonjour"])
def test_a_greeting_of_somebody_else_is_marked(greeting: str) -> None:
    judged = draft(body=f"{greeting} Oliver,\n\nhow are you?")
    (flag,) = found(judged, "name_mismatch")
    assert (flag.severity, marked(judged, flag)) == ("warn", ("body", "Oliver"))


@pytest.mark.parametrize(
    ("body", "to_name"),
    [
        ("Hi Maya,", "Maya Fischer"),
        ("Dear Fischer,", "Maya Fischer"),
        ("hi maya,", "Maya Fischer"),
        ("Hi MAYA!", "Maya Fischer"),
        ("Hi Zoë,", "Zoë Müller"),
        ("Hi there,", "Maya Fischer"),
        ("Dear Dr. Berg,", "Dr. Hannah Berg"),
        ("Hi Oliver,", None),
        ("Oliver, hi", "Maya Fischer"),
        ("no greeting at all", "Maya Fischer"),
    ],
)
def test_a_greeting_that_fits_or_names_nobody_is_left_alone(body: str, to_name: str | None) -> None:
    assert found(draft(body=body, to_name=to_name), "name_mismatch") == []


def test_a_call_script_greets_whom_it_will() -> None:
    assert found(draft(kind="call_script", body="Hi Oliver, this is Anna"), "name_mismatch") == []


@pytest.mark.parametrize("letter", ["а", "е", "ο", "ρ"], ids=["cyrillic a", "cyrillic e", "greek o", "greek r"])
def test_a_letter_of_another_script_in_the_address_blocks(letter: str) -> None:
    judged = draft(to_email=f"maya@clinic-{letter}.example")
    (flag,) = found(judged, "homoglyph")
    assert (flag.severity, marked(judged, flag)) == ("block", ("to_email", letter))


@pytest.mark.parametrize("letter", ["\u057d", "\u13a0", "\uff41"], ids=["armenian", "cherokee", "fullwidth"])
def test_a_letter_of_any_other_script_in_the_address_blocks(letter: str) -> None:
    assert found(draft(to_email=f"maya@clinic-{letter}.example"), "homoglyph")


def test_an_address_wholly_of_another_script_is_no_homoglyph() -> None:
    assert found(draft(to_email="иван@почта.испытание"), "homoglyph") == []


def test_a_link_that_mixes_scripts_is_marked_whole() -> None:
    judged = draft(body=f"{WIDE}see https://clіnic.example/a and more")
    (flag,) = found(judged, "homoglyph")
    assert (flag.severity, marked(judged, flag)) == ("warn", ("body", "https://clіnic.example/a"))


def test_a_text_in_two_scripts_is_no_homoglyph() -> None:
    assert found(draft(body="Hello, привет, γειά"), "homoglyph") == []


@pytest.mark.parametrize(
    "hidden",
    ["\u200b", "\u202e", "\u2066", "\ufeff", "\x00", "\x07", "\x1b", "\x7f", "\x85", "\U000e0041", "\ue000"],
    ids=lambda char: f"U+{ord(char):04X}",
)
@pytest.mark.parametrize("field", ["subject", "body"])
def test_a_character_that_nobody_sees_is_marked(hidden: str, field: str) -> None:
    judged = draft(**{field: f"{WIDE}some{hidden}thing{hidden}"})
    (flag,) = found(judged, "hidden_text")
    assert (flag.severity, marked(judged, flag)) == ("block", (field, hidden))
    assert flag.message is not None
    assert flag.message.startswith("2 hidden characters")
    assert f"U+{ord(hidden):04X}" in flag.message
    assert flag.span is not None
    assert flag.span.start == 7


@pytest.mark.parametrize("text", ["tabs\tand\r\nlines\n", "soft\u00adhyphen", "naïve – “quoted” 😀", "日本語"])
def test_what_is_seen_or_harmless_is_not_hidden(text: str) -> None:
    assert found(draft(body=text), "hidden_text") == []


def test_a_draft_with_a_twin_is_flagged_as_a_whole() -> None:
    (flag,) = found(draft(has_twin=True), "duplicate")
    assert (flag.severity, flag.span) == ("warn", None)


@pytest.mark.parametrize("breaking", ["\r", "\n", "\x00"])
@pytest.mark.parametrize("field", ["subject", "to_name", "to_email"])
def test_a_line_break_in_a_header_blocks_where_it_stands(field: str, breaking: str) -> None:
    judged = draft(**{field: f"{WIDE}maya{breaking}@clinic.example"})
    flags = [flag for flag in found(judged, "undeliverable") if flag.span is not None]
    assert [(flag.severity, marked(judged, flag)) for flag in flags] == [("block", (field, breaking))]
    assert not is_deliverable(judge(judged))


@pytest.mark.parametrize(
    "text", ["a@b.example, c@d.example", "nobody", "", "@b.example", "a@", "a b@c.example", "a@b@c"]
)
def test_what_is_not_exactly_one_address_is_undeliverable(text: str) -> None:
    assert not is_address(text)
    assert not is_deliverable(judge(draft(to_email=text)))


def test_a_call_needs_no_address() -> None:
    assert is_deliverable(judge(draft(kind="call_script", to_email="")))


def test_an_amount_adds_to_the_score() -> None:
    risk = judge(draft(kind="proposal", payload={"amount_usd": "1200.00"}))
    assert (risk.score, risk.parts[-1].code, risk.parts[-1].message) == (45, "names_an_amount", "$1,200.00")


@pytest.mark.parametrize("gap", ["TODO", "TBD", "${first_name}", "lorem ipsum"])
def test_a_note_to_oneself_is_a_gap_too(gap: str) -> None:
    judged = draft(body=f"Our offer: {gap}, as agreed")
    (flag,) = found(judged, "placeholder")
    assert marked(judged, flag) == ("body", gap)


def test_the_text_of_a_markdown_link_is_no_gap() -> None:
    assert found(draft(body="[Our site](https://acme.example) is new"), "placeholder") == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("As an AI language model", "block"),
        ("as a large language model", "block"),
        ("als KI-Sprachmodell", "block"),
        ("En tant que modèle de langage", "block"),
        ("como modelo de lenguaje", "block"),
        ("como um modelo de linguagem", "block"),
        ("come modello linguistico", "block"),
        ("als AI-taalmodel", "block"),
        ("<|im_start|>", "block"),
        ("Here's a revised email", "warn"),
        ("I can't assist with that request", "warn"),
        ("Hier ist der Entwurf", "warn"),
        ("Voici le brouillon", "warn"),
    ],
)
def test_a_models_own_voice_is_marked(said: str, code: str) -> None:
    judged = draft(body=f"{WIDE}{said} and so on")
    (flag,) = found(judged, "model_artifact")
    assert (flag.severity, marked(judged, flag)) == (code, ("body", said))


@pytest.mark.parametrize("text", ["As an AI agency we answer calls", "as a model customer", "Here is the offer"])
def test_who_sells_ai_may_say_so(text: str) -> None:
    assert found(draft(body=text), "model_artifact") == []


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('<a href="https://evil.example/x">https://bank.example</a>', "https://bank.example"),
        ("<A class=b HREF='http://evil.example'><b>www.bank.example</b></A> straße", "<b>www.bank.example</b>"),
        ("[bank.example](https://evil.example)", "bank.example"),
        ("[https://bank.example/login](//evil.example/login)", "https://bank.example/login"),
        ("[bank.example](https://bank.example.evil.example)", "bank.example"),
        ("[bank.example](https://bank.example@evil.example/)", "bank.example"),
        ("[bank.example](https://[broken)", "bank.example"),
        ("[info.bank.example](mailto:x@evil.example)", "info.bank.example"),
    ],
)
def test_a_link_that_says_another_host_than_it_leads_to_blocks(body: str, text: str) -> None:
    judged = draft(body=WIDE + body)
    flags = found(judged, "link_mismatch")
    assert ("block", ("body", text)) in [(flag.severity, marked(judged, flag)) for flag in flags]


def test_a_bare_link_with_a_host_in_front_of_its_host_blocks() -> None:
    judged = draft(body="see https://bank.example@evil.example/a now")
    (flag,) = found(judged, "link_mismatch")
    assert marked(judged, flag) == ("body", "https://bank.example@evil.example/a")
    assert flag.message == "it looks like bank.example and leads to evil.example"


@pytest.mark.parametrize(
    "body",
    [
        '<a href="https://www.bank.example/a">bank.example</a>',
        "[bank.example](https://login.bank.example/)",
        "[docs.bank.example/start](https://bank.example)",
        "[our offer](https://anywhere.example)",
        "[offer.pdf](https://files.example/offer.pdf)",
        "[bank.example](#below)",
        "<a href='https://x.example'>",
        "https://user:secret@bank.example/",
    ],
)
def test_a_link_that_says_where_it_leads_or_says_words_is_left_alone(body: str) -> None:
    assert found(draft(body=body), "link_mismatch") == []


@pytest.mark.parametrize("body", ["", "  \n\t ", "\u200b\u200b", "\n"])
def test_a_text_with_nothing_to_read_blocks(body: str) -> None:
    (flag,) = found(draft(body=body), "empty_body")
    assert (flag.severity, flag.span) == ("block", None)


def test_what_is_too_long_is_marked_where_the_limit_is_passed() -> None:
    judged = draft(body="x" * 4_000 + "here and on")
    (flag,) = found(judged, "too_long")
    assert (flag.severity, marked(judged, flag)) == ("warn", ("body", "here and on"))
    assert found(draft(body="x" * 4_000), "too_long") == []
    assert found(draft(kind="call_script", body="x" * 4_001), "too_long") == []


@pytest.mark.parametrize("amount", ["10000", 12_000, "1e9", "NaN", "a lot", True, {}])
def test_much_money_and_an_amount_that_nobody_can_read_are_flagged(amount: object) -> None:
    (flag,) = found(draft(kind="proposal", payload={"amount_usd": amount}), "amount_high")
    assert (flag.severity, flag.span) == ("warn", None)


@pytest.mark.parametrize("payload", [None, {}, {"amount_usd": None}, {"amount_usd": "9999.99"}])
def test_little_money_is_not_flagged(payload: dict[str, object] | None) -> None:
    assert found(draft(kind="proposal", payload=payload), "amount_high") == []


def test_a_suppressed_address_blocks() -> None:
    judged = draft(is_suppressed=True)
    (flag,) = found(judged, "suppressed")
    assert (flag.severity, marked(judged, flag)) == ("block", ("to_email", judged.to_email))


def test_a_recipient_within_the_cooldown_is_told_since_when() -> None:
    (flag,) = found(draft(days_since_last=5.2, cooldown_days=7), "cooldown")
    assert (flag.severity, flag.message) == ("warn", "last written 5 d ago, the policy asks for 7 d")
    assert judge(draft(days_since_last=5.2, cooldown_days=7)).score == judge(CLEAN).score
    assert found(draft(days_since_last=7.0, cooldown_days=7), "cooldown") == []
    assert found(draft(days_since_last=None, cooldown_days=7), "cooldown") == []
    assert found(draft(days_since_last=0.5, cooldown_days=0), "cooldown") == []


def test_an_address_that_nobody_has_heard_of_is_marked_but_a_call_has_none() -> None:
    judged = draft(is_known=False)
    (flag,) = found(judged, "unknown_recipient")
    assert (flag.severity, marked(judged, flag)) == ("warn", ("to_email", judged.to_email))
    assert found(draft(is_known=False, kind="call_script"), "unknown_recipient") == []


def test_the_contracts_flags_are_all_looked_for_and_all_have_a_name() -> None:
    assert set(FINDERS) == set(FlagCode)


@given(st.text(alphabet="😀 é", min_size=1, max_size=10))
def test_what_stands_before_a_gap_moves_its_span_by_as_many_code_points(before: str) -> None:
    (flag,) = found(draft(body=before + "see [Company]"), "placeholder")
    assert flag.span is not None
    assert flag.span.start == len(before) + 4
