"""A sender that dies at any step sends everything all the same, and nothing twice; what can't be known is `unknown`."""

from __future__ import annotations

import itertools
import random
import signal
from collections import Counter
from collections.abc import Iterator

from cc_api_client.models.outbox.batches import ResolveBody, ResolveOutcome
from cc_server.domain.outbox.sending import resolving
from cc_server.domain.outbox.sending.claims import MOMENT_SECONDS
from rig.house import House
from tests.conftest import Effort
from tests.reliability.crash.cuts import BETWEEN_COMMITS, Step
from tests.reliability.crash.lives import Lives, lives_of
from tests.reliability.crash.receiver import receiving

SHORT, LONG = 20, 1000
MOST_AT_ONCE = 3
_MAIL = frozenset({Step.MAIL_ADDRESSED, Step.MAIL_TAKEN})
_FILE = frozenset({Step.FILE_WRITTEN, Step.FILE_NAMED})


def cuts(rng: random.Random, steps: frozenset[Step], how_many: int) -> Iterator[tuple[Step, int]]:
    """Every step for the first delivery of a life, then for the second and third, again and again in another order."""
    round_of = [(step, nth) for nth in range(1, MOST_AT_ONCE + 1) for step in Step if step in steps]
    endless = itertools.chain(round_of, *(rng.sample(round_of, len(round_of)) for _ in range(how_many)))
    return itertools.islice(endless, how_many)


def at_once(step: Step, nth: int) -> int:
    """How many deliveries must be due for a life to come to `step` so often."""
    return 1 if step in (Step.REAP_UNCOMMITTED, Step.REAP_COMMITTED) else nth


def cut_off(lives: Lives, step: Step, nth: int) -> None:
    """One life that must end at `step`."""
    is_reaping = step in (Step.REAP_UNCOMMITTED, Step.REAP_COMMITTED)
    ended = lives.live(step, 1 if is_reaping else nth)
    assert ended == -signal.SIGKILL or (step is Step.ANY_MOMENT and ended == 0), (step, nth, ended)


def settle_from_the_record(house: House, unknown: set[str], taken: set[str]) -> None:
    """A person looks up in the receiver's record what became of each attempt that nobody knows of."""
    for id_ in unknown:
        outcome = ResolveOutcome.SENT if id_ in taken else ResolveOutcome.NOT_SENT
        house.do(resolving.resolve, id_, ResolveBody(outcome=outcome, note="the receiver's record"), None)


def test_under_a_stable_key_nothing_is_lost_and_nothing_is_there_twice(house: House, effort: Effort) -> None:
    rng = random.Random("crash matrix, files")
    with lives_of(house, rng) as lives:
        for step, nth in cuts(rng, frozenset(Step) - _MAIL - {Step.NEVER}, effort(SHORT, LONG)):
            due = len(house.due())
            lives.approve(max(1, at_once(step, nth) - due), ("email", "call_script"))
            cut_off(lives, step, nth)
            lives.lose_leases()
        assert lives.live() == 0
        states, keys = lives.by_state(), lives.stable_keys()
        assert set(states) == {"sent"}, lives.errors()
        written = [path.stem for path in lives.outbox.iterdir()]
        assert Counter(written) == dict.fromkeys(keys, 1)


def test_without_a_stable_key_nothing_is_twice_and_unknown_is_what_was_cut_between_the_commits(
    house: House, effort: Effort
) -> None:
    rng = random.Random("crash matrix, mails")
    with receiving() as receiver, lives_of(house, rng, receiver) as lives:
        cut_between: set[str] = set()
        for step, nth in cuts(rng, frozenset(Step) - _FILE - {Step.NEVER}, effort(SHORT, LONG)):
            due, before = len(house.due()), lives.under_way()
            lives.approve(max(1, at_once(step, nth) - due), ("email",))
            cut_off(lives, step, nth)
            under_way = lives.under_way()
            if due == 0 and nth == 1 and step is not Step.ANY_MOMENT:
                assert len(under_way - before) == (1 if step in BETWEEN_COMMITS else 0), step
            cut_between |= under_way
            lives.lose_leases()
        assert lives.live() == 0
        states, keys = lives.by_state(), lives.stable_keys()
        assert states.get("unknown", set()) == cut_between
        assert set(states) == {"sent", "unknown"}
        assert max(Counter(receiver.taken).values()) == 1
        taken = {keys[key] for key in receiver.taken}
        assert states["sent"] <= taken, "what is told as sent is there"
        assert taken <= states["sent"] | cut_between, "what is there is told as sent, or as unknown"
        settle_from_the_record(house, states.get("unknown", set()), taken)
        assert lives.live() == 0
        assert set(lives.by_state()) == {"sent"}, lives.errors()
        assert Counter(receiver.taken) == dict.fromkeys(keys, 1)


def test_whatever_is_cut_off_nobody_gets_two_mails_of_which_the_second_would_have_come_back(
    house: House, effort: Effort
) -> None:
    """Each person is written to twice; somebody finds out what became of what nobody knows, then the rest is judged."""
    rng = random.Random("crash matrix, two mails to one person")
    steps = (BETWEEN_COMMITS | {Step.ANY_MOMENT}) - _FILE
    with receiving() as receiver, lives_of(house, rng, receiver) as lives:
        for number, (step, nth) in enumerate(cuts(rng, steps, effort(SHORT, LONG) // 2)):
            lives.approve_pairs(number, at_once(step, nth))
            cut_off(lives, step, nth)
            lives.lose_leases()
            assert lives.live() == 0
            keys = lives.stable_keys()
            assert max(lives.mails_to_one(keys[key] for key in receiver.taken).values(), default=0) <= 1
            settle_from_the_record(house, lives.by_state().get("unknown", set()), {keys[key] for key in receiver.taken})
            for _ in ("what did not leave", "what waited for it"):
                house.clock.advance(MOMENT_SECONDS)
                assert lives.live() == 0
        assert set(lives.by_state()) == {"sent", "blocked"}
        assert set(lives.mails_to_one(lives.stable_keys()[key] for key in receiver.taken).values()) == {1}
        assert len(receiver.taken) == len(lives.by_state()["blocked"]) == len(lives.by_state()["sent"])
