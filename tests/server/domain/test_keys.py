"""Keys' names: who decided is told by them, so two must never look alike."""

from __future__ import annotations

import pytest

from cc_server.domain.access import keys
from cc_server.domain.base.refusals import DomainRefusal
from rig.house import House


@pytest.mark.parametrize("name", ["", " ana", "\u202eana2", "ana\u200b", "a\x1bna", "ana\u00a0b", "x" * 101])
def test_a_name_that_hides_something_is_refused(house: House, name: str) -> None:
    with pytest.raises(DomainRefusal) as refused:
        house.do(keys.create, name, "viewer", None)
    assert refused.value.code == "validation_failed"


def test_a_name_in_any_script_is_a_name(house: House) -> None:
    assert house.do(keys.create, "Søren Ōta 2", "viewer", None).token
