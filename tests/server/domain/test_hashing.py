"""The hash of what would go out is that of its RFC 8785 form, whatever stands in it."""

from __future__ import annotations

import hashlib

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from cc_server.domain.base.hashing import payload_sha256

TEXT = st.text(st.characters(codec="utf-8"))
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
PAYLOADS = st.none() | st.dictionaries(TEXT, NUMBERS | TEXT)
DRAFTS = st.fixed_dictionaries(
    dict.fromkeys(("client_id", "kind", "to_email", "subject", "body"), TEXT)
    | {"to_name": st.none() | TEXT, "payload": PAYLOADS}
)


@given(DRAFTS)
def test_the_hash_is_that_of_the_canonical_form(draft: dict[str, object]) -> None:
    assert payload_sha256(draft) == hashlib.sha256(rfc8785.dumps(draft)).hexdigest()  # type: ignore[arg-type]


def test_half_a_surrogate_pair_has_no_hash() -> None:
    draft = dict.fromkeys(("client_id", "kind", "to_email", "to_name", "subject", "payload"))
    with pytest.raises(ValueError, match="surrogate"):
        payload_sha256(draft | {"body": "\ud800"})
