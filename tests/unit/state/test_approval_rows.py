"""Rows of the queue: small, and nothing of what the server told is lost in them."""

from __future__ import annotations

import sys

import pytest

from cc_tui.state.approvals.rows import NO_DELIVERY, NO_WORD, packed_hash, row_of
from tests.support.rows import NOON, approval, flag, wire_delivery

SHA = "0f" * 32


@pytest.mark.parametrize("text", [SHA, SHA.upper(), "", "0f 0f", "sha256:0f", "f", "ü" * 32])
def test_a_hash_comes_out_letter_by_letter_whatever_it_looks_like(text: str) -> None:
    item = approval(1, payload_sha256=text)
    assert row_of(item).payload_sha256 == text


def test_a_hash_of_the_usual_form_takes_a_third_of_the_room() -> None:
    packed = packed_hash(SHA)
    assert isinstance(packed, bytes)
    assert len(packed) == 32


def test_expiry_is_kept_to_the_millisecond() -> None:
    item = approval(1)
    expires_at = row_of(item).expires_at
    assert item.expires_at is not None
    assert expires_at == pytest.approx(item.expires_at.timestamp(), abs=0.001)
    assert row_of(approval(1, expires_at=None)).expires_at is None


def test_what_most_rows_have_alike_is_one_object() -> None:
    flags = {"score": 20, "parts": [], "flags": [flag(severity="warn")]}
    one, two = (row_of(approval(number, risk=flags, created_at=NOON.isoformat())) for number in (1, 2))
    assert one.alike is two.alike
    assert one.delivery is NO_DELIVERY
    assert one.word is NO_WORD
    assert sys.getsizeof(one) <= 88


def test_names_and_subjects_that_come_again_are_kept_once() -> None:
    one, two = (row_of(approval(number, to_name="".join(["Maya ", "Fischer"]), subject=" ".join(["Re:", "price"])))
                for number in (1, 2))  # fmt: skip
    assert one.to_name is two.to_name
    assert one.subject is two.subject


def test_a_row_that_is_delivered_otherwise_is_the_same_in_all_else() -> None:
    held = row_of(approval(1, status="approved", delivery=wire_delivery(1)))
    sent = row_of(approval(1, status="approved", delivery=wire_delivery(1, state="sent", version=2)))
    assert held.with_delivery(sent.delivery) == sent
