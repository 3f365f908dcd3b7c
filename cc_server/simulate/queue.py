"""What waits when the operator comes in: exactly as many drafts as asked for, the oldest of them harmless."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from cc_server.db.database import Database
from cc_server.domain.outbox import drafts
from cc_server.domain.outbox.drafts import NewDraft
from cc_server.simulate import flaws
from cc_server.simulate.cast import AGENTS, BUSINESSES, AgentRole, person
from cc_server.simulate.flaws import Flaw
from cc_server.simulate.world import Acquaintance, World

DRAFTS_AT_ONCE = 500
OLDEST_HOURS = 5
FEW = 200
"""Up to here the drafts go to leads that are known; in a longer queue only the oldest do."""
HARMLESS = 4
"""The oldest drafts have nothing wrong with them."""
RESTED_DAYS = 8
_ROLES = {role.id: role for role in AGENTS}
_OPENING: tuple[tuple[str, Flaw | None], ...] = (
    ("email-draft", None), ("follow-up", None), ("outreach", None), ("follow-up", None),
    ("email-draft", flaws.wrong_name), ("caller", None), ("onboarder", None), ("outreach", flaws.placeholder),
    ("email-draft", None), ("onboarder", None), ("follow-up", flaws.hidden_instruction),
    ("outreach", flaws.homoglyph), ("email-draft", flaws.hidden_characters),
)  # fmt: skip
_TWIN_AT = 8
"""The place of a draft that repeats an earlier one, word for word."""
_ANY_ROLE = ("email-draft", "outreach", "follow-up", "follow-up", "email-draft", "outreach", "caller", "onboarder")


class Queue:
    """Fills the queue of one business."""

    def __init__(self, db: Database, world: World) -> None:
        self._db = db
        self._world = world
        self._rng = random.Random(f"{world.seed} queue")
        self._first: NewDraft | None = None

    def fill(self, count: int, now: datetime, is_wanted: Callable[[], bool]) -> None:
        """Have agents hand in `count` drafts over the hours before now."""
        began = now - timedelta(hours=OLDEST_HOURS)
        apart = timedelta(hours=OLDEST_HOURS) / (count + 1)
        for first in range(0, count, DRAFTS_AT_ONCE):
            if not is_wanted():
                return
            places = range(first, min(count, first + DRAFTS_AT_ONCE))
            self._db.write_sync(self._hand_in, [(place, began + apart * place) for place in places], few=count <= FEW)

    def _hand_in(self, conn: Connection, places: list[tuple[int, datetime]], *, few: bool) -> None:
        self._world.read_settings(conn)
        handed_in = []
        for place, moment in places:
            draft = self._draft(place, moment, few=few)
            self._world.remember(draft, moment)
            handed_in.append((self._world.unit(moment), draft))
        drafts.create_many(conn, handed_in)

    def _draft(self, place: int, moment: datetime, *, few: bool) -> NewDraft:
        if place == _TWIN_AT and self._first is not None:
            return self._first
        is_opening = place < len(_OPENING)
        role_id, flaw = _OPENING[place] if is_opening else (self._rng.choice(_ANY_ROLE), None)
        draft = self._written(_ROLES[role_id], moment, few=few or is_opening, rested=place < HARMLESS)
        if not is_opening and draft.kind in ("email", "follow_up") and self._rng.random() < 0.2:
            flaw = self._rng.choice(flaws.FOR_MAILS)
        if place == 0:
            self._first = draft
        return flaw(self._rng, draft) if flaw is not None else draft

    def _written(self, role: AgentRole, moment: datetime, *, few: bool, rested: bool) -> NewDraft:
        while True:
            known = self._rested(moment) if rested else self._world.known
            draft = self._world.write(role, self._recipient(known if few else ()), moment)
            if draft is not None and not (rested and self._world.is_repeated(draft)):
                return draft

    def _rested(self, moment: datetime) -> list[Acquaintance]:
        """Those whom nobody wrote to for longer than a policy's cooldown."""
        since = moment - timedelta(days=RESTED_DAYS)
        return [one for one in self._world.known if self._world.written_at.get(one.person.email, since) <= since]

    def _recipient(self, known: Sequence[Acquaintance]) -> Acquaintance:
        if known:
            return self._rng.choice(known)
        place = self._rng.randrange(len(BUSINESSES))
        return Acquaintance(None, self._world.client_ids[place], BUSINESSES[place], person(self._rng))
