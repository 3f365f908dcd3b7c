"""The business as it acts: leads arrive, agents claim work, cost money, draft, now and then fail.

Each method is one unit of work of the domain, as a real form, worker or operator would cause it. What happens follows
from the seed; when it happens is the caller's word.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from cc_api_client.models.settings import Settings
from cc_api_client.models.work.agents import LogLevel
from cc_api_client.models.work.intake import LeadIntake
from cc_api_client.models.work.pipeline import Stage
from cc_api_client.models.work.runs import RunStatus, RunStep
from cc_server.db.ids import Ids
from cc_server.domain import leads
from cc_server.domain.access import clients
from cc_server.domain.access.clients import NewClient, NewContract
from cc_server.domain.base.actors import SYSTEM, Actor
from cc_server.domain.base.unit import Unit
from cc_server.domain.controls import budgets, kill_switch
from cc_server.domain.controls.begin import Turn, begin
from cc_server.domain.outbox import drafts
from cc_server.domain.outbox.drafts import NewDraft
from cc_server.domain.work import agents, jobs, runs
from cc_server.domain.work.agents import Said
from cc_server.simulate import flaws, texts
from cc_server.simulate.cast import AGENTS, BUSINESSES, AgentRole, Business, Person, person

KNOWN_LEADS = 400
MOST_UNDER_WAY_USD = Decimal(3)
"""What the runs that are under way at once may cost: no run begins without room for it in the budgets."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)
WORKER = "simulated worker"
_ERRORS = (
    "the model answered 529 overloaded, three times", "the calendar refused the token", "the enrichment found nothing",
    "the answer was cut at the token limit", "the tool call named a field that does not exist",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """A lead that agents may write to."""

    lead_id: str | None
    client_id: str
    business: Business
    person: Person


@dataclass(frozen=True, slots=True)
class Working:
    """A run that is under way."""

    run_id: str
    role: AgentRole
    client_id: str
    lead: Acquaintance | None
    job: jobs.ClaimedJob | None
    ends_at: datetime


@dataclass(slots=True)
class World:
    """One simulated business.

    Args:
        seed: the same seed makes the same business.
        ids: where ids come from.
    """

    seed: int
    ids: Ids
    settings: Settings = field(default_factory=Settings)
    """Of the installation; whoever begins a transaction reads them anew."""
    rng: random.Random = field(init=False)
    client_ids: list[str] = field(default_factory=list)
    known: deque[Acquaintance] = field(default_factory=lambda: deque(maxlen=KNOWN_LEADS))
    newcomers: dict[str, Acquaintance] = field(default_factory=dict)
    """Leads that wait to be qualified, by id."""
    cost_share: float = 1.0
    logs_since: datetime = LONG_AGO
    last_drafts: deque[NewDraft] = field(default_factory=lambda: deque(maxlen=20))
    written_at: dict[str, datetime] = field(default_factory=dict)
    """When something was last drafted to an address."""
    written: set[int] = field(default_factory=set)
    """What was drafted to whom, as hashes."""

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    def adopt(self, conn: Connection) -> bool:
        """Take up a business that was there before; False when there is none."""
        names = {business.name: business for business in BUSINESSES}
        found = {client.name: client.id for client in clients.page(conn, SYSTEM, date.max, 500, None).items}
        if not set(names) <= set(found):
            return False
        self.client_ids = [found[name] for name in names]
        by_client = {found[name]: business for name, business in names.items()}
        for lead in leads.newest(conn, KNOWN_LEADS):
            if lead.client_id in by_client and lead.name and lead.company:
                first, _, last = lead.name.partition(" ")
                who = Person(first, last, lead.company, "Leeds", lead.email, lead.phone or "+1 555 0100 1000")
                self.known.append(Acquaintance(lead.id, lead.client_id, by_client[lead.client_id], who))
        return True

    def read_settings(self, conn: Connection) -> None:
        """Go by what the installation is set to, for one transaction."""
        self.settings = begin(conn, SYSTEM, LONG_AGO, self.ids, Turn.JUDGES).settings

    def unit(self, now: datetime, actor: Actor = SYSTEM) -> Unit:
        """A unit of work at a moment."""
        return Unit(actor, now, self.ids, self.settings)

    def found(self, conn: Connection, now: datetime) -> None:
        """The agency begins: its agents are deployed, its clients sign."""
        unit = self.unit(now)
        for place, role in enumerate(AGENTS):
            unit = self.unit(now + timedelta(seconds=place))
            agents.register(conn, unit, role.id, role.name, role.role, {"model": role.model, "temperature": 0.4})
            agents.deploy(conn, unit, role.id)
        for place, business in enumerate(BUSINESSES):
            signed = now.date() - timedelta(days=30 * (place % 9) + 3 * place)
            if place >= len(BUSINESSES) - 2:
                signed = now.date() + timedelta(days=6 + 9 * (place % 2))
            contract = NewContract(
                plan=business.plan,
                starts_on=signed,
                monthly_usd=business.monthly_usd,
                clauses={"Notice": "30 days to the end of a month"},
            )
            new = NewClient(
                business.name, contract, business.health, business.churn_risk, Decimal(150 * (place % 4)),
                ("Outreach", "Follow-up", "Lead qualification")[: 1 + place % 3],
            )  # fmt: skip
            self.client_ids.append(clients.add(conn, unit, new))

    def lead_arrives(self, conn: Connection, now: datetime) -> None:
        """Somebody fills in a form: a lead, a run and a job."""
        place = self.rng.randrange(len(BUSINESSES))
        business, client_id, who = BUSINESSES[place], self.client_ids[place], person(self.rng)
        intake = LeadIntake(
            name=who.name,
            email=who.email,
            company=who.company,
            message=f"We are looking at {business.offer}. Could you tell us what it would cost for us?",
            source=self.rng.choice(("website", "referral", "trade fair", "newsletter")),
            timestamp=now.isoformat(),
        )
        form = Actor("website form", "", "intake", frozenset({client_id}), client_id)
        answer = leads.take_in(conn, self.unit(now, form), intake, "lead-qualifier")
        if answer.run_id is not None:
            lead = leads.by_email(conn, client_id, who.email)
            self.newcomers[lead.id] = Acquaintance(lead.id, client_id, business, who)

    def agent_starts(self, conn: Connection, now: datetime) -> Working | None:
        """An agent takes up work: a waiting job first, else what it does by itself. None when it may not."""
        role, unit = self._next_role(), self.unit(now)
        if agents.status_of(conn, role.id) != "active" or kill_switch.read(conn).on(role.id, None) is not None:
            return None
        if not budgets.has_room(conn, unit, MOST_UNDER_WAY_USD):
            return None
        agents.beat(conn, unit, role.id)
        job = jobs.claim(conn, unit, WORKER) if role.id == "lead-qualifier" else None
        if job is not None and job.run_id is not None and job.client_id is not None:
            lead = self.newcomers.pop(str(job.payload.get("lead_id")), None)
            run_id, client_id = job.run_id, job.client_id
        else:
            lead = self.rng.choice(self.known) if self.known else None
            client_id = lead.client_id if lead else self.rng.choice(self.client_ids)
            automation = role.name.lower()
            email = lead.person.email if lead else None
            run_id = runs.queue(conn, unit, client_id, agent_name=role.id, automation_name=automation, lead_email=email)
        runs.begin_again(conn, unit, run_id, role.id)
        about = f" for {lead.person.company}" if lead else ""
        self._log(conn, unit, role, Said(LogLevel.INFO, f"run started{about}", run_id, client_id))
        seconds = role.seconds * self.rng.uniform(0.5, 1.8)
        return Working(run_id, role, client_id, lead, job, now + timedelta(seconds=seconds))

    def agent_ends(self, conn: Connection, work: Working, now: datetime, *, drafts_wanted: bool) -> str | None:
        """A run ends: booked, logged, its lead moved, perhaps a draft written. Returns the draft's approval id."""
        unit, role = self.unit(now), work.role
        is_failed = self.rng.random() < role.fails
        cost = Decimal(str(round(role.cost_usd * self.cost_share * self.rng.uniform(0.6, 1.6), 4)))
        error = self.rng.choice(_ERRORS) if is_failed else None
        tokens = int(cost * 9000)
        steps = [
            RunStep(step=step, status="ok", duration_ms=self.rng.randrange(80, 4000)) for step in ("read", "think")
        ]
        steps.append(RunStep(step="write", status="failed" if is_failed else "ok", detail=error))
        result = runs.Result(
            RunStatus.FAILED if is_failed else RunStatus.SUCCESS, cost, role.model, tokens * 4, tokens, error,
            None if is_failed else self._path(role), steps,
        )  # fmt: skip
        runs.finish(conn, unit, work.run_id, result)
        level, line = (LogLevel.ERROR, str(error)) if is_failed else (LogLevel.INFO, f"run ended, ${cost:.3f}")
        self._log(conn, unit, role, Said(level, line, work.run_id, work.client_id))
        if work.job is not None:
            jobs.finish(conn, unit, work.job)
        if is_failed:
            return None
        if work.job is not None and work.lead is not None and work.lead.lead_id is not None:
            self._qualify(conn, unit, work.lead, work.lead.lead_id)
        return self.draft(conn, now, role, work) if drafts_wanted else None

    def draft(self, conn: Connection, now: datetime, role: AgentRole, work: Working) -> str | None:
        """The draft that a run of this agent leads to; None where it leads to none."""
        written = self.write(role, work.lead, now)
        if written is None:
            return None
        flawed = self._flawed(written) if self.rng.random() < 0.22 else written
        return self.hand_in(conn, now, flawed, work.run_id)

    def hand_in(self, conn: Connection, now: datetime, draft: NewDraft, run_id: str | None = None) -> str:
        """An agent hands a draft in; returns the approval's id."""
        self.remember(draft, now)
        return drafts.create(conn, self.unit(now), replace(draft, run_id=run_id)).id

    def remember(self, draft: NewDraft, now: datetime) -> None:
        """What agents wrote, and to whom, shapes what they write next."""
        self.last_drafts.append(draft)
        self.written_at[draft.to_email] = now
        self.written.add(hash((draft.to_email, draft.body)))

    def is_repeated(self, draft: NewDraft) -> bool:
        """Whether the same words were drafted to the same person before."""
        return hash((draft.to_email, draft.body)) in self.written

    def write(self, role: AgentRole, lead: Acquaintance | None, now: datetime) -> NewDraft | None:
        """What an agent writes to a lead, without a flaw."""
        if lead is None:
            return None
        rng, business, who = self.rng, lead.business, lead.person
        match role.id:
            case "outreach":
                text = texts.outreach(rng, business, who, now.month)
            case "email-draft":
                text = texts.reply(rng, business, who, now.month)
            case "follow-up":
                text = texts.follow_up(rng, business, who, now.month)
            case "caller":
                text = texts.call_script(rng, business, who, now.month)
            case "onboarder" if rng.random() < 0.5:
                text = texts.contract_change(rng, business, now.month)
            case "onboarder":
                text = texts.proposal(rng, business, who, now.month)
            case _:
                return None
        email, name = who.email, who.name
        if text.to_client:
            name = business.sender
            email = f"{business.sender.split()[-1].lower()}@{business.name.split()[0].lower()}.example"
        return NewDraft(
            client_id=lead.client_id, kind=text.kind, agent_name=role.id, to_email=email, to_name=name,
            subject=text.subject, body=text.body, payload=text.payload, template=text.template,
            lead_id=None if text.to_client else lead.lead_id,
        )  # fmt: skip

    def _path(self, role: AgentRole) -> str:
        """What an agent decided, in a few words."""
        if role.id == "lead-qualifier":
            return f"scored {self.rng.randrange(20, 99)}"
        return self.rng.choice(("drafted, waits for a word", "drafted, waits for a word", "nothing to do", "answered"))

    def _log(self, conn: Connection, unit: Unit, role: AgentRole, said: Said) -> None:
        """Log a line, where it is recent enough for anybody to read it."""
        if unit.now >= self.logs_since:
            agents.log(conn, unit, role.id, [said])

    def beat(self, conn: Connection, now: datetime) -> None:
        """Every agent that can, says that it lives."""
        for role in AGENTS:
            if agents.status_of(conn, role.id) != "error":
                agents.beat(conn, self.unit(now), role.id)

    def _flawed(self, draft: NewDraft) -> NewDraft:
        """A draft with something wrong; what has no mail's text stays as it is."""
        if draft.kind not in ("email", "follow_up"):
            return draft
        twins = [one for one in self.last_drafts if one.kind == draft.kind and one.lead_id is not None]
        if twins and self.rng.random() < 0.2:
            return self.rng.choice(twins)
        return self.rng.choice(flaws.FOR_MAILS)(self.rng, draft)

    def _qualify(self, conn: Connection, unit: Unit, lead: Acquaintance, lead_id: str) -> None:
        score = self.rng.randrange(20, 99)
        label = "hot" if score >= 75 else "warm" if score >= 45 else "cold"
        leads.update_facts(
            conn, unit, lead_id, score=score, qualification_label=label, status="review",
            qualification_reason=f"{lead.person.company} in {lead.person.city}: fits, asked by itself",
            value_usd=Decimal(self.rng.randrange(8, 90) * 100), owner_agent="email-draft",
        )  # fmt: skip
        if label != "cold":
            self.known.append(lead)

    def lead_moves(self, conn: Connection, now: datetime) -> None:
        """A lead goes one stage on, or is lost."""
        if not self.known:
            return
        lead_id = self.rng.choice(self.known).lead_id
        if lead_id is None:
            return
        stage = Stage(leads.find(conn, SYSTEM, lead_id).stage)
        onward = {
            Stage.CONTACTED: Stage.QUALIFIED,
            Stage.QUALIFIED: Stage.MEETING,
            Stage.MEETING: Stage.CLOSED,
        }.get(stage)
        if onward is not None:
            goal = Stage.LOST if self.rng.random() < 0.18 else onward
            leads.advance(conn, self.unit(now), lead_id, stage, goal)

    def _next_role(self) -> AgentRole:
        return self.rng.choices(AGENTS, [role.share for role in AGENTS])[0]
