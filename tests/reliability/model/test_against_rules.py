"""Whatever happens in whatever order, the server does what the rules say, and nothing is ever sent twice or unasked."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)  # fmt: skip
from sqlalchemy import Connection, Row, select

from cc_api_client.models.base import ActionAnswer
from cc_api_client.models.outbox.approvals import Approval
from cc_api_client.models.outbox.batches import ResolveBody, ResolveOutcome
from cc_api_client.models.outbox.suppression import SuppressionIntake
from cc_api_client.models.settings import KillSwitchBody
from cc_server.db.tables import approvals, deliveries
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.controls import kill_switch, suppression
from cc_server.domain.outbox import deliveries as outbox
from cc_server.domain.outbox import edits, lapses
from cc_server.domain.outbox.decisions import Seen
from cc_server.domain.outbox.sending import blocks, resolving
from cc_server.domain.outbox.sending.claims import Accepted, Claimed, NotAccepted, Outcome, Unclear
from cc_server.domain.work import agents
from rig.house import AGENT, ANA, BOSS, NOON, TOM, Founded, House
from tests.conftest import Effort
from tests.reliability.model import rules

SHORT, LONG = {"sqlite": 30, "postgresql": 6}, {"sqlite": 3_000, "postgresql": 600}
"""Histories of a run: PostgreSQL takes five times as long for one, and the rules are the same functions."""
STEPS = 60
MOST_DRAFTS = 4
PEOPLE = {"Ana": ANA, "Tom": TOM}
OUTCOMES: dict[str, Outcome] = {
    "accepted": Accepted("test", "id"),
    "refused for now": NotAccepted("busy", is_passing=True),
    "refused for good": NotAccepted("no such mailbox", is_passing=False),
    "unclear": Unclear("the line broke"),
}
SECONDS = (0, 1, 4, 10, 60)
KINDS = ("email", "follow_up", "call_script")
MEMORY = next((folder for folder in ("/dev/shm",) if Path(folder).is_dir()), None)
"""Where files cost no disk: what survives a power cut is not the question here."""
SIGHTS = ("now", "now", "now", "anything", "an older version", "another text")


_APPROVALS = select(
    *(approvals.c[name] for name in ("id", "delivery_id", "status", "version", "returned_why", "decided_by",
                                     "delivery_state", "expires_at"))
)  # fmt: skip
_DELIVERIES = select(*(deliveries.c[name] for name in ("id", "state", "attempt", "refusals")))


class Outbox(RuleBasedStateMachine):
    """A house, and beside it the rules: everything is done to both."""

    known = Bundle("known")
    founded: Founded

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="cc-model-", dir=MEMORY)
        self.house = House(Path(self._folder.name), self.founded)
        self.controls = rules.Controls()
        self.model: dict[str, rules.Approval] = {}
        self.hashes: dict[tuple[str, int], str] = {}
        self.claimed: list[tuple[Claimed, str]] = []
        """Attempts that are under way, or were, and whose they are."""
        self.entries: dict[str, str] = {}
        """The suppression's entries by address."""
        self.left: dict[str, int] = {}
        """How often a text left for good, by approval and version of it."""

    def teardown(self) -> None:
        assert self.house.kept_counts() == self.house.real_counts()
        self.house.close()
        self._folder.cleanup()

    @initialize(target=known)
    def begin(self) -> Any:
        return multiple(self._draft("email"), self._draft("call_script"))

    @rule(target=known, kind=st.sampled_from(KINDS), whom=known | st.none())
    def an_agent_drafts(self, kind: str, whom: str | None) -> Any:
        """To somebody new, or to whom another draft goes too."""
        return self._draft(kind, whom) if len(self.model) < MOST_DRAFTS else multiple()

    @rule(id=known, verb=st.sampled_from(["approve", "reject"]), who=st.sampled_from(sorted(PEOPLE)),
          sight=st.sampled_from(SIGHTS))  # fmt: skip
    def somebody_decides(self, id: str, verb: str, who: str, sight: str) -> None:  # noqa: A002
        version, text = self._seen(id, sight)
        seen = Seen(version, None if text is None else self.hashes.get((id, text), "0" * 64))
        expected = self.model[id].decide(self.controls, verb, who, self.house.clock.now(), version, text)
        act = self.house.approve if verb == "approve" else self.house.reject
        assert self._answer(lambda: act(self._real(id), PEOPLE[who], seen)) == expected

    @rule(id=known, sight=st.sampled_from(SIGHTS[:-1]))
    def somebody_undoes(self, id: str, sight: str) -> None:  # noqa: A002
        version, _ = self._seen(id, sight)
        expected = self.model[id].undo(self.house.clock.now(), version)
        assert self._answer(lambda: self.house.undo(self._real(id), TOM, Seen(version))) == expected

    @rule(id=known, sight=st.sampled_from(SIGHTS[:-1]))
    def somebody_edits(self, id: str, sight: str) -> None:  # noqa: A002
        version, _ = self._seen(id, sight)
        expected = self.model[id].edit("Ana", version)
        changes = {"subject": f"Edit {self.model[id].text}"}
        assert self._answer(lambda: self.house.do(edits.edit, id, changes, version)) == expected
        self.hashes[id, self.model[id].text] = str(self._real(id).payload_sha256)

    @rule(id=known)
    def the_agent_withdraws(self, id: str) -> None:  # noqa: A002
        expected = self.model[id].withdraw()
        assert self._answer(lambda: self.house.withdraw(self._real(id))) == expected

    @rule(seconds=st.sampled_from(SECONDS))
    def time_goes_by(self, seconds: int) -> None:
        self.house.clock.advance(seconds)

    @rule(data=st.data(), beside=st.sampled_from([-1, 0, 1]))
    def time_goes_to_the_edge_of_something(self, data: st.DataObject, beside: int) -> None:
        """Near edges are likelier, or everything would expire at once."""
        now = self.house.clock.now()
        edges = sorted({edge for one in self.model.values() for edge in one.edges() if edge > now})
        if edges:
            edge = edges[min(data.draw(st.integers(0, 8)) // 3, len(edges) - 1)]
            self.house.clock.set(max(now, edge + timedelta(seconds=beside)))

    @rule()
    def upkeep_looks_for_what_is_over(self) -> None:
        for approval in self.model.values():
            approval.expire(self.house.clock.now())
        self.house.do(lapses.expire_overdue, by=SYSTEM)

    @rule(id=known)
    def somebody_approves_and_its_hold_is_over(self, id: str) -> None:  # noqa: A002
        self.somebody_decides(id, "approve", "Ana", "now")
        self.house.clock.advance(self.model[id].hold.total_seconds())

    @rule(times=st.integers(1, rules.REFUSALS_MOST + 2))
    def the_receiver_is_busy(self, times: int) -> None:
        for _ in range(times):
            self.the_sender_claims()
            for claimed, id_ in self.claimed:
                self._settle(claimed, id_, "refused for now")
            self.house.clock.advance(rules.RETRY.total_seconds() * 2**rules.REFUSALS_MOST)

    @rule()
    def the_sender_claims(self) -> None:
        now = self.house.clock.now()
        due = [one for one in self.model.values() if one.delivery is not None and one.delivery.is_due(now)]
        due.sort(key=lambda one: (one.delivery.look_at, one.delivery.id) if one.delivery else (now, ""))
        expected = {one.id for one in due if one.claim(self.controls, self.model.values(), now)}
        taken = self.house.claim()
        assert {str(one.delivery["approval_id"]) for one in taken} == expected
        self.claimed += [(one, str(one.delivery["approval_id"])) for one in taken]

    @precondition(lambda self: self.claimed)
    @rule(data=st.data(), outcome=st.sampled_from(sorted(OUTCOMES)))
    def an_attempt_ends(self, data: st.DataObject, outcome: str) -> None:
        self._settle(*data.draw(st.sampled_from(self.claimed[-4:])), outcome)

    def _settle(self, claimed: Claimed, id_: str, outcome: str) -> None:
        delivery = self._delivery(str(claimed.delivery["id"]))
        was_unknown = delivery.state == "unknown"
        expected = delivery.settle(claimed.delivery["attempt"], outcome, self.house.clock.now())
        if expected and was_unknown:
            self._wake(self.model[id_].recipient)
        assert self.house.settle(claimed, OUTCOMES[outcome]) is expected
        if expected and outcome == "accepted":
            self.left[claimed.stable_key] = self.left.get(claimed.stable_key, 0) + 1
            assert self.model[id_].status == "approved"
            self._remember_mail(self.model[id_])

    @rule(knows_stable_keys=st.booleans())
    def a_sender_finds_what_was_cut_off(self, *, knows_stable_keys: bool) -> None:
        for approval in self.model.values():
            if approval.delivery is not None:
                approval.delivery.lose(self.house.clock.now(), knows_stable_keys=knows_stable_keys)
        self.house.reap(knows_stable_keys=knows_stable_keys)

    @rule()
    def somebody_pauses_the_agent(self) -> None:
        self.controls.agent.is_paused = True
        self.house.do(agents.pause, AGENT, None)

    @rule()
    def somebody_resumes_the_agent(self) -> None:
        if self.controls.agent.is_paused:
            self._wake()
        self.controls.agent.is_paused = False
        self.house.do(agents.resume, AGENT)

    @rule()
    def the_agent_fails(self) -> None:
        self.controls.agent.failed_at = self.house.clock.now()
        self.house.do(agents.fail, AGENT, "the model refuses", by=SYSTEM)

    @rule()
    def the_agent_recovers(self) -> None:
        self.controls.agent.failed_at = None
        self.house.do(agents.recover, AGENT, by=SYSTEM)

    @rule(knows_stable_keys=st.booleans())
    def a_sender_is_cut_off(self, *, knows_stable_keys: bool) -> None:
        self.the_sender_claims()
        self.house.clock.advance(rules.LEASE.total_seconds())
        self.a_sender_finds_what_was_cut_off(knows_stable_keys=knows_stable_keys)

    @rule(id=known, outcome=st.sampled_from(ResolveOutcome))
    def somebody_finds_out_what_became_of_it(self, id: str, outcome: ResolveOutcome) -> None:  # noqa: A002
        delivery = self.model[id].delivery
        if delivery is not None:
            expected = delivery.resolve(outcome.value, self.house.clock.now())
            told = ResolveBody(outcome=outcome, note="the receiver's record says so")
            assert self._answer(lambda: self.house.do(resolving.resolve, delivery.id, told, None)) == expected
            if expected == rules.DONE:
                self._wake(self.model[id].recipient)
            if expected == rules.DONE and outcome is ResolveOutcome.SENT:
                self._remember_mail(self.model[id])

    @rule(id=known)
    def somebody_has_it_tried_again(self, id: str) -> None:  # noqa: A002
        delivery = self.model[id].delivery
        if delivery is not None:
            expected = delivery.retry(self.house.clock.now())
            assert self._answer(lambda: self.house.do(resolving.retry, delivery.id, None)) == expected

    @rule(id=known)
    def an_address_is_suppressed(self, id: str) -> None:  # noqa: A002
        address = self.model[id].recipient
        if address not in self.controls.suppressed:
            self.controls.suppressed.add(address)
            for one in self.model.values():
                if one.recipient == address:
                    one.suppress()
        entry = self.house.do(blocks.suppress, SuppressionIntake(email=address))
        self.entries[address] = entry.id

    @rule(id=known)
    def an_address_may_be_written_to_again(self, id: str) -> None:  # noqa: A002
        address = self.model[id].recipient
        if address in self.controls.suppressed:
            self.controls.suppressed.remove(address)
            self.house.do(suppression.remove, self.entries[address])

    @rule(scope=st.sampled_from(["all", f"agent:{AGENT}", "client"]), engaged=st.booleans())
    def somebody_turns_a_stop(self, scope: str, *, engaged: bool) -> None:
        if scope in self.controls.stops and not engaged:
            self._wake()
        (self.controls.stops.add if engaged else self.controls.stops.discard)(scope)
        told = scope if scope != "client" else f"client:{self.house.client_id}"
        self.house.do(kill_switch.turn, KillSwitchBody(engaged=engaged, reason="a drill", scope=told), by=BOSS)

    @rule(asked=st.booleans())
    def four_eyes_are_asked_for_or_not(self, *, asked: bool) -> None:
        if asked is not self.controls.asks_for_four_eyes:
            self._wake()  # as each change of the settings does
        self.controls.asks_for_four_eyes = asked
        self.house.set("approvals", four_eyes=asked)

    @invariant()
    def all_is_as_the_rules_say(self) -> None:
        rows, outgoing = self.house.db.read_sync(_stored)
        for row in rows:
            rule_ = self.model[row.id]
            state = rule_.delivery.state if rule_.delivery else None
            told = (rule_.status, rule_.version, rule_.returned, rule_.decided_by, state, rule_.expires_at)
            assert tuple(row)[2:] == told
            if rule_.delivery is not None:
                rule_.delivery.id = row.delivery_id
        told_outgoing = {one.id: one for each in self.model.values() for one in _all_deliveries(each)}
        assert {row.id for row in outgoing} == set(told_outgoing)
        for row in outgoing:
            told_ = told_outgoing[row.id]
            assert tuple(row)[1:] == (told_.state, told_.attempt, told_.refusals)

    @invariant()
    def nothing_left_twice(self) -> None:
        assert all(times == 1 for times in self.left.values())

    def _draft(self, kind: str, whom: str | None = None) -> str:
        made = self.house.draft(kind=kind, **({"to_email": self.model[whom].recipient} if whom else {}))
        hold = outbox.hold_for(self.house.settings, made.risk.score)
        approval = rules.Approval(made.id, kind, str(made.to_email), hold, self.house.clock.now() + rules.EXPIRES_AFTER)
        if approval.recipient in self.controls.suppressed:
            approval.status = "cancelled"
        self.model[made.id] = approval
        self.hashes[made.id, 0] = str(made.payload_sha256)
        return made.id

    def _remember_mail(self, approval: rules.Approval) -> None:
        if approval.kind != "call_script":
            self.controls.mails.append((approval.recipient, self.house.clock.now()))

    def _wake(self, recipient: str | None = None) -> None:
        for one in self.model.values():
            if one.delivery is not None and recipient in (None, one.recipient):
                one.delivery.wake(self.house.clock.now())

    def _seen(self, id: str, sight: str) -> tuple[int | None, int | None]:  # noqa: A002
        """The version and the text that somebody looked at."""
        approval = self.model[id]
        match sight:
            case "anything":
                return None, None
            case "an older version":
                return approval.version - 1, None
            case "another text":
                return approval.version, approval.text - 1
            case _:
                return approval.version, approval.text

    def _real(self, id: str) -> Approval:  # noqa: A002
        return self.house.now(Approval(id=id, client_id="", kind="", status="", created_at=NOON))

    def _delivery(self, id: str) -> rules.Delivery:  # noqa: A002
        return next(one for each in self.model.values() for one in _all_deliveries(each) if one.id == id)

    @staticmethod
    def _answer(act: Callable[[], Any]) -> rules.Answer:
        try:
            answer = act()
        except DomainRefusal as refusal:
            return rules.refused(refusal.code)
        return "done", answer.changed if isinstance(answer, ActionAnswer) else True


def _stored(conn: Connection) -> tuple[Sequence[Row[Any]], Sequence[Row[Any]]]:
    """Approvals and deliveries as they are stored, as far as the rules speak of them."""
    return conn.execute(_APPROVALS).all(), conn.execute(_DELIVERIES).all()


def _all_deliveries(approval: rules.Approval) -> list[rules.Delivery]:
    return [*approval.past, *([approval.delivery] if approval.delivery else [])]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_the_server_does_what_the_rules_say(database: str, request: pytest.FixtureRequest, effort: Effort) -> None:
    Outbox.founded = request.getfixturevalue(f"founded_{database}")
    run_state_machine_as_test(
        Outbox,
        settings=settings(
            max_examples=effort(SHORT[database], LONG[database]), stateful_step_count=STEPS,
            deadline=timedelta(seconds=60),
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
