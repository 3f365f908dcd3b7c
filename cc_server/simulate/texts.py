"""What agents write: mails, follow-ups, call scripts, proposals and contract changes, as agencies write them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from cc_server.simulate.cast import Business, Person


@dataclass(frozen=True, slots=True)
class Text:
    """What an agent wrote."""

    kind: str
    template: str
    subject: str
    body: str
    payload: dict[str, Any] | None = None
    to_client: bool = field(default=False)
    """Whether it goes to the client itself rather than to a lead."""


_OUTREACH = (
    ("A question about {company}'s {month} plans",
     "{company} came up when we looked for teams in {city} that might care about {offer}.\n\n"
     "In short: it {benefit}. The last three customers of your size started with one site and a fixed price, and "
     "each of them had a result to show within six weeks.\n\n"
     "If that is of interest, I can send two examples with numbers. If not, a one-word answer is fine and you will "
     "not hear from us again."),
    ("{offer_cap}: fifteen minutes in {month}?",
     "I run {offer} at {client}. Most teams in {city} we talk to have looked at this once, found it too much work, "
     "and put it off. We built the first month so that it costs you two meetings and nothing else.\n\n"
     "What you get: it {benefit}. What we need: one person who knows how things run today.\n\n"
     "Would Tuesday or Thursday afternoon suit you for fifteen minutes?"),
    ("Something we noticed about {company}",
     "You opened a second location this year; congratulations. That is usually the moment when {offer} starts to "
     "pay, because it {benefit}.\n\n"
     "We put together a one-page estimate from public figures. It is rough, and I would rather correct it with you "
     "than send it cold. May I?"),
    ("For whoever looks after operations at {company}",
     "If this is not yours, please pass it on; if it is, here is the short version.\n\n"
     "{client} does {offer}. It {benefit}. Twelve companies in {city} use it, and nine of them renewed last year.\n\n"
     "I am in {city} on the 14th and would stop by for a coffee, no slides."),
)  # fmt: skip

_REPLY = (
    ("Re: your question about {offer}",
     "Thank you for your note. The short answer is yes, and for a company like {company} it usually takes two to "
     "three weeks from the first call to the start.\n\n"
     "Three things we would look at first:\n\n"
     "  1. How you do it today, and what a bad week costs.\n"
     "  2. Who has to agree, so that nobody is surprised.\n"
     "  3. What you would want to see after a month to call it a success.\n\n"
     "I have kept Wednesday 10:00 and Thursday 15:30 free for you. Which one is better?"),
    ("Re: price for {company}",
     "Thanks for getting in touch. Prices depend on volume more than anything else; for what you describe you "
     "would be in our middle band, and there is no set-up fee this quarter.\n\n"
     "The main reason customers stay is simple: it {benefit}. I attached nothing, on purpose. Ten minutes on the "
     "phone will get you a figure you can plan with.\n\n"
     "Shall I call you this afternoon?"),
    ("Re: can you start before {month}?",
     "We can. The team that would look after {company} has a gap from the 9th, and the first step needs half a day "
     "of somebody's time on your side.\n\n"
     "Before that I would like to understand two things: how many people are affected, and whether anything is "
     "already under contract elsewhere. A reply in bullet points is enough; I will turn it into a plan."),
)  # fmt: skip

_FOLLOW_UP = (
    ("Re: {offer_cap}, one more thought",
     "I wrote last week and do not want to fill your inbox, so this is the last one.\n\n"
     "The reason I thought of {company}: it {benefit}, and {month} is when most teams in {city} decide. If the "
     "timing is wrong, tell me when to ask again and I will."),
    ("Still worth a conversation?",
     "Just making sure my note did not get lost between two holidays. I would be glad to show you what a company "
     "two streets from you did with {offer}.\n\n"
     "A yes, a no, or a \"not now\" all help me."),
    ("Re: the estimate for {company}",
     "You asked for an estimate and I promised to check back. Nothing has changed on our side: the price holds "
     "until the end of {month}, and the slot on the 21st is still free.\n\n"
     "Is there anything missing that you need to decide?"),
)  # fmt: skip

_CALL = (
    ("Call {name} about {offer}",
     "OPENING\nHi {first}, this is {sender_first} from {client}. You wrote to us on Monday; is now a good time?\n\n"
     "WHY NOW\n{company} asked about {offer}. What they care about: it {benefit}.\n\n"
     "QUESTIONS\n- How do you do this today?\n- What happens in a bad week?\n- Who else has a say?\n\n"
     "IF THEY SAY \"TOO EXPENSIVE\"\nAsk what it costs them now. Do not offer a discount.\n\n"
     "NEXT STEP\nA visit in {city} next week, thirty minutes. Send the invitation during the call."),
    ("Second call with {name}",
     "OPENING\n{first}, it is {sender_first} at {client}. We spoke two weeks ago and you wanted to ask your team.\n\n"
     "REMIND\nThey liked that it {benefit}. They worried about the switch-over.\n\n"
     "ASK\n- What did the team say?\n- Is the 21st still realistic?\n\n"
     "NEXT STEP\nIf yes: name the person who will do the onboarding. If no: agree on a date to ask again."),
)  # fmt: skip

_PROPOSAL = (
    ("Proposal: {offer} for {company}",
     "As agreed on the phone, here is what we would do and what it costs.\n\n"
     "We start with one site and a fixed scope, so that you can judge us before you decide about the rest. After "
     "six weeks we sit down with the figures. If it did not do what we said, you owe us nothing further.\n\n"
     "What it brings: it {benefit}.\n\n"
     "The offer holds for thirty days. A reply with \"go\" is enough to reserve the start date."),
    ("{client}: offer for {company}, first year",
     "Thank you for the tour last week. This is the offer for the first year, with everything we discussed and "
     "nothing that we did not.\n\n"
     "Travel within {city} is included. Work outside the scope is agreed in writing before it is done, at the "
     "hourly rate below. Either side can end it with sixty days' notice."),
)  # fmt: skip

_CONTRACT = (
    ("Contract change: {plan} to {next_plan}", "upgrade",
     "Hi {sender_first},\n\nyou asked for a second mailbox and calls on Saturdays. Both are part of the {next_plan} "
     "plan, so this changes your contract from the first of next month. Everything else stays as it is.\n\n"
     "If you would rather keep {plan} and drop the Saturdays, just say so."),
    ("Contract renewal for {client}", "renewal",
     "Hi {sender_first},\n\nyour contract runs out at the end of {month}. We propose to renew it for a year on the "
     "same terms, with a longer notice period in your favour.\n\nThere is nothing to sign if you agree; we will "
     "confirm in writing."),
)  # fmt: skip

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_NEXT_PLAN = {"Starter": "Growth", "Growth": "Scale", "Scale": "Scale Plus"}


def outreach(rng: random.Random, business: Business, to: Person, month: int) -> Text:
    """A first mail to somebody who never asked."""
    return _mail(rng, "email", "outreach", _OUTREACH, business, to, month)


def reply(rng: random.Random, business: Business, to: Person, month: int) -> Text:
    """An answer to an inquiry."""
    return _mail(rng, "email", "reply", _REPLY, business, to, month)


def follow_up(rng: random.Random, business: Business, to: Person, month: int) -> Text:
    """One more mail to somebody who did not answer."""
    return _mail(rng, "follow_up", "follow-up", _FOLLOW_UP, business, to, month)


def call_script(rng: random.Random, business: Business, to: Person, month: int) -> Text:
    """What to say on the phone."""
    place = rng.randrange(len(_CALL))
    subject, body = _CALL[place]
    slots = _slots(business, to, month)
    return Text("call_script", f"call-{place}", subject.format(**slots), body.format(**slots), {"phone": to.phone})


def proposal(rng: random.Random, business: Business, to: Person, month: int) -> Text:
    """An offer with items and an amount."""
    place = rng.randrange(len(_PROPOSAL))
    subject, body = _PROPOSAL[place]
    slots = _slots(business, to, month)
    months = rng.choice((6, 12))
    items = [
        {"name": "Set-up and first site", "quantity": 1, "amount_usd": f"{rng.randrange(9, 24) * 100}.00"},
        {"name": f"Service, {months} months", "quantity": months, "amount_usd": f"{rng.randrange(4, 12) * 50}.00"},
    ]  # fmt: skip
    total = sum(int(str(item["quantity"])) * float(str(item["amount_usd"])) for item in items)
    letter = f"Hi {to.first},\n\n{body.format(**slots)}\n\nBest regards,\n{business.sender}\n{business.name}"
    return Text("proposal", f"proposal-{place}", subject.format(**slots), letter,
                {"items": items, "amount_usd": f"{total:.2f}"})  # fmt: skip


def contract_change(rng: random.Random, business: Business, month: int) -> Text:
    """A change of the client's own contract."""
    subject, name, body = rng.choice(_CONTRACT)
    to = Person(business.sender.split()[-2], business.sender.split()[-1], business.name, "", "", "")
    slots = _slots(business, to, month)
    clauses = [
        {"name": "Notice", "old": "30 days to the end of a month", "new": "60 days to the end of a quarter"},
        {"name": "Scope", "old": f"{business.plan}: mails and follow-ups",
         "new": f"{_NEXT_PLAN[business.plan]}: mails, follow-ups and calls, Saturdays included"},
    ]  # fmt: skip
    payload: dict[str, Any] = {"clauses": clauses if name == "upgrade" else clauses[:1]}
    if name == "upgrade":
        payload["amount_usd"] = f"{business.monthly_usd + rng.randrange(3, 9) * 50}.00"
    return Text("contract_change", f"contract-{name}", subject.format(**slots), body.format(**slots), payload, True)


def _mail(
    rng: random.Random, kind: str, family: str, family_texts: tuple[tuple[str, str], ...], business: Business,
    to: Person, month: int,
) -> Text:  # fmt: skip
    place = rng.randrange(len(family_texts))
    subject, body = family_texts[place]
    slots = _slots(business, to, month)
    greeting = rng.choice(("Hi", "Hello", "Dear"))
    closing = rng.choice(("Best regards,", "Kind regards,", "All the best,"))
    letter = f"{greeting} {to.first},\n\n{body.format(**slots)}\n\n{closing}\n{business.sender}\n{business.name}"
    return Text(kind, f"{family}-{place}", subject.format(**slots), letter)


def _slots(business: Business, to: Person, month: int) -> dict[str, str]:
    return {
        "first": to.first, "name": to.name, "company": to.company, "city": to.city, "client": business.name,
        "offer": business.offer, "offer_cap": business.offer[0].upper() + business.offer[1:],
        "benefit": business.benefit, "sender_first": business.sender.removeprefix("Dr. ").split()[0],
        "month": _MONTHS[month % 12], "plan": business.plan, "next_plan": _NEXT_PLAN[business.plan],
    }  # fmt: skip
