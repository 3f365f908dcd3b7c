"""Keys: what is bound where, what is unbound on purpose, and how a clash is told."""

from __future__ import annotations

import pytest

from cc_tui.actions.action import Risk, Where
from cc_tui.actions.keymap import UNBOUND_ON_PURPOSE, KeyClash, Keymap, plain
from cc_tui.actions.registry import ACTIONS


def test_every_id_is_unique_and_every_action_has_a_help_sentence_and_a_key_or_a_place_in_the_palette() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    assert all((action.keys or action.in_palette) and action.help for action in ACTIONS)


def test_keys_that_are_unbound_on_purpose_stay_unbound() -> None:
    assert not {key for action in ACTIONS for key in action.keys} & UNBOUND_ON_PURPOSE


def test_decisions_are_bound_to_nothing_that_moves() -> None:
    moving = {key for action in ACTIONS if action.where is Where.LISTS for key in action.keys}
    deciding = {key for action in ACTIONS if action.risk is Risk.DECISION and action.where is Where.APPROVALS
                for key in action.keys}  # fmt: skip
    assert not moving & deciding


def test_the_first_place_that_knows_a_key_wins() -> None:
    keymap = Keymap()
    agents = keymap.find("l", [Where.AGENTS, Where.LISTS])
    lists = keymap.find("l", [Where.LISTS])
    assert agents is not None
    assert lists is not None
    assert (agents.id, lists.id) == ("agents.logs", "list.next_view")


def test_keys_are_rebound_by_id() -> None:
    keymap = Keymap({"approvals.approve": ["f5"], "app.refresh": ["^l"]})
    assert keymap.find("a", [Where.APPROVALS]) is None
    approve = keymap.find("f5", [Where.APPROVALS])
    refresh = keymap.find("ctrl+l", [Where.EVERYWHERE])
    assert approve is not None
    assert refresh is not None


def test_a_clash_names_both_actions() -> None:
    with pytest.raises(KeyClash, match=r"approvals\.approve.*approvals\.edit|approvals\.edit.*approvals\.approve"):
        Keymap({"approvals.approve": ["e"]})


def test_an_unknown_action_names_the_nearest() -> None:
    with pytest.raises(KeyClash, match=r"did you mean 'approvals\.approve'"):
        Keymap({"approvals.aprove": ["x"]})


def test_textuals_names_of_keys_are_translated() -> None:
    assert [plain(key) for key in ("question_mark", "upper_g", "^r", "a")] == ["?", "G", "ctrl+r", "a"]
