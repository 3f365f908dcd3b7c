"""Who takes part: the agency's clients and what they sell, the people they write to, the agents, the operators.

Every address is under `.example`, which nobody can own (RFC 2606).
"""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Business:
    """A client of the agency: what it sells, to whom it is worth what, and who signs its mails."""

    name: str
    offer: str
    benefit: str
    sender: str
    plan: str
    monthly_usd: Decimal
    health: str = "good"
    churn_risk: float = 0.08


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody that a client writes to."""

    first: str
    last: str
    company: str
    city: str
    email: str
    phone: str

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"


@dataclass(frozen=True, slots=True)
class AgentRole:
    """An agent: what it is for, which model it asks, what a run of it costs and how often it runs."""

    id: str
    name: str
    role: str
    model: str
    cost_usd: float
    seconds: float
    share: float
    fails: float


BUSINESSES: tuple[Business, ...] = tuple(
    Business(name, offer, benefit, sender, plan, Decimal(monthly), health, churn)
    for name, offer, benefit, sender, plan, monthly, health, churn in (
        ("Brightwater Solar", "rooftop solar for warehouses", "cuts the daytime power bill by a third", "Elena Marsh", "Growth", 2400, "good", 0.06),
        ("Harbor Dental Group", "same-week implant consultations", "fills the chair time that cancellations leave", "Dr. Priya Nair", "Growth", 2100, "good", 0.05),
        ("Northwind Logistics", "overflow freight on fixed lanes", "keeps peak weeks from breaking the delivery promise", "Tom Acker", "Scale", 3600, "good", 0.04),
        ("Copperline Accounting", "month-end close in five days", "gives the owner real numbers before they are history", "Grace Liu", "Starter", 900, "good", 0.11),
        ("Fernhill Landscaping", "grounds care for office parks", "takes seasonal staffing off the property manager's desk", "Sam Ortega", "Starter", 850, "warning", 0.27),
        ("Kestrel Security", "remote video guarding", "replaces two night shifts on most sites", "Ivan Petrov", "Growth", 1950, "good", 0.07),
        ("Maple & Pine Realty", "tenant search for small offices", "shortens the empty months between tenants", "Nora Whitfield", "Growth", 1800, "good", 0.09),
        ("Lumen Physiotherapy", "workplace back-care programmes", "brings sick days down within a quarter", "Jonas Weber", "Starter", 950, "good", 0.12),
        ("Orchard HR", "payroll and onboarding for teams under fifty", "saves the founder a day a month", "Amira Haddad", "Growth", 1700, "good", 0.08),
        ("Stonebridge Legal", "contract review at a flat price", "turns a two-week wait into two days", "Claire Dubois", "Scale", 3200, "good", 0.05),
        ("Tidewater Catering", "working lunches for training days", "arrives hot, labelled and on the minute", "Marco Bellini", "Starter", 780, "warning", 0.31),
        ("Pinnacle Roofing", "flat-roof inspections with a drone", "finds the leak before the ceiling does", "Dale Hutchins", "Growth", 1650, "good", 0.10),
        ("Vela Travel", "group travel for sales teams", "puts one person in charge of every change", "Sofia Rossi", "Starter", 990, "critical", 0.46),
        ("Granite Insurance", "cyber cover for small manufacturers", "answers the question your biggest customer will ask", "Peter Lindqvist", "Scale", 3900, "good", 0.03),
        ("Bluefin Software", "stock counts from a phone camera", "ends the annual closing weekend", "Yuki Tanaka", "Scale", 3400, "good", 0.06),
        ("Alder Clinics", "evening appointments for shift workers", "keeps people out of the emergency room", "Dr. Hannah Berg", "Growth", 2200, "good", 0.07),
        ("Redwood Fitness", "company memberships without contracts", "is used by four in ten employees after a year", "Luis Romero", "Starter", 820, "warning", 0.24),
        ("Quillfeather Press", "annual reports that get read", "wins the one meeting that matters", "Ruth Abrams", "Starter", 900, "good", 0.13),
        ("Summit Machine Works", "spare parts made from the broken one", "gets the line running in days, not weeks", "Karl Brenner", "Growth", 2050, "good", 0.06),
        ("Oasis Pools", "pool care for hotels", "means nobody has to explain a closed pool", "Carmen Vidal", "Starter", 760, "good", 0.15),
        ("Ember Heating", "heat-pump retrofits for schools", "is paid for by the energy it saves", "Fiona Grant", "Growth", 1900, "good", 0.08),
        ("Lattice Analytics", "churn reports for subscription shops", "shows who will leave while it can be changed", "Omar Saleh", "Growth", 1850, "good", 0.09),
        ("Willow Childcare", "reserved places for company families", "brings parents back to work a term earlier", "Ingrid Holm", "Starter", 880, "good", 0.14),
        ("Beacon Language School", "business English in small groups", "is measured by the calls people dare to make", "Daniel Cho", "Starter", 700, "good", 0.16),
        ("Ironwood Storage", "secure archive storage by the box", "frees the room you pay city rent for", "Beth Carver", "Starter", 720, "critical", 0.52),
    )
)  # fmt: skip

AGENTS: tuple[AgentRole, ...] = (
    AgentRole("lead-qualifier", "Lead qualifier", "Scores each new lead and says why", "haiku-4", 0.021, 6.0, 0.34, 0.02),
    AgentRole("email-draft", "Email drafter", "Answers inquiries with a first draft", "sonnet-4", 0.12, 14.0, 0.19, 0.03),
    AgentRole("outreach", "Outreach", "Writes to leads that never asked", "opus-4", 0.62, 22.0, 0.17, 0.04),
    AgentRole("follow-up", "Follow-up", "Asks again, once, when nobody answered", "sonnet-4", 0.06, 9.0, 0.17, 0.02),
    AgentRole("caller", "Caller", "Prepares calls: script, objections, next step", "sonnet-4", 0.2, 17.0, 0.08, 0.09),
    AgentRole("onboarder", "Onboarder", "Drafts proposals and contract changes", "opus-4", 0.45, 26.0, 0.05, 0.03),
)  # fmt: skip

OPERATORS = ("Ana", "Tom")

FIRST_NAMES = (
    "Maya", "Oliver", "Priya", "Henrik", "Lucía", "Jamal", "Anneke", "Søren", "Chloe", "Ravi", "Zoë", "Mateus",
    "Grace", "Ivo", "Leila", "Patrick", "Naomi", "Björn", "Esther", "Hugo", "Wanda", "Kenji", "Rosa", "Dmitri",
    "Clara", "Femi", "Agnes", "Tariq", "Helen", "Victor", "Marta", "Callum", "Sana", "Émile", "Judith", "Rory",
)  # fmt: skip
LAST_NAMES = (
    "Fischer", "Okafor", "Reyes", "Lindgren", "Novak", "Sharma", "O'Brien", "Silva", "Kowalski", "Haas", "Mbeki",
    "Castellano", "Nguyen", "Ferrari", "Holt", "Bianchi", "Andersen", "Moreau", "Schmidt", "Doyle", "Ivanova",
    "Park", "Ramos", "Whitaker", "Adler", "Sato", "Jensen", "Costa", "Vance", "Müller", "Quinn", "Osei",
)  # fmt: skip
COMPANY_HEADS = (
    "Alpine", "Riverton", "Marlow", "Castle", "Delta", "Evergreen", "Foundry", "Glenmore", "Highgate", "Juniper",
    "Keystone", "Larkspur", "Meridian", "Northgate", "Oakfield", "Pioneer", "Quarry", "Rosewood", "Sterling",
    "Thornbury", "Union", "Verity", "Westbrook", "Yarrow",
)  # fmt: skip
COMPANY_TAILS = (
    "Foods", "Precision", "Packaging", "Interiors", "Freight", "Studios", "Components", "Textiles", "Hotels",
    "Systems", "Trading", "Ceramics", "Labs", "Print", "Optics", "Bakeries", "Tools", "Partners",
)  # fmt: skip
CITIES = (
    "Bristol", "Lyon", "Gothenburg", "Austin", "Porto", "Leeds", "Rotterdam", "Denver", "Graz", "Turin", "Aarhus",
    "Boise", "Cork", "Valencia", "Ghent", "Madison",
)  # fmt: skip


def person(rng: random.Random) -> Person:
    """Somebody new."""
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    company = f"{rng.choice(COMPANY_HEADS)} {rng.choice(COMPANY_TAILS)}"
    number = rng.randrange(10, 99)
    email = f"{_plain(first)}.{_plain(last)}@{_plain(company)}-{number}.example"
    phone = f"+1 555 01{rng.randrange(10, 99)} {rng.randrange(1000, 9999)}"
    return Person(first, last, company, rng.choice(CITIES), email, phone)


def _plain(name: str) -> str:
    """A name as it stands in an address."""
    ascii_only = unicodedata.normalize("NFKD", name.replace("ø", "o")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z]+", "-", ascii_only.lower()).strip("-")
