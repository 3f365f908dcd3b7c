"""What risk is judged on, and how a flag is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cc_api_client.models.outbox.approvals import Flag, Severity, Span
from cc_api_client.models.outbox.policy import FlagCode

Field = Literal["subject", "body", "to_email", "to_name"]
QUOTED_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft, and what is known around it."""

    kind: str
    to_email: str
    to_name: str | None
    subject: str
    body: str
    payload: Mapping[str, Any] | None = None
    has_twin: bool = False
    """Whether the same text already waits for or went to the same recipient."""
    is_suppressed: bool = False
    """Whether the recipient must not be written to."""
    is_known: bool = True
    """Whether the recipient is a lead, was written to before, or is the client itself."""
    days_since_last: float | None = None
    """Since the last message to the recipient; None: there was none."""
    cooldown_days: int = 0
    """How many days must lie between two messages; 0 where the policy excepts this kind."""

    @property
    def is_mail(self) -> bool:
        """Whether it leaves as a message; a call's script is read by a person."""
        return self.kind != "call_script"

    def texts(self) -> Iterator[tuple[Field, str]]:
        """Subject and body, by the field's name."""
        yield "subject", self.subject
        yield "body", self.body


def flag_at(code: FlagCode, severity: Severity, message: str, field: Field, start: int, end: int) -> Flag:
    """A flag on a piece of a text, in code points."""
    return Flag(code=code.value, severity=severity, message=message, span=Span(field=field, start=start, end=end))


def flag_whole(code: FlagCode, severity: Severity, message: str) -> Flag:
    """A flag on the whole item."""
    return Flag(code=code.value, severity=severity, message=message)


def quoted(text: str) -> str:
    """A piece of a draft as a sentence quotes it: on one line, and short."""
    line = " ".join(text.split())
    return line if len(line) <= QUOTED_LONGEST else f"{line[: QUOTED_LONGEST - 1]}…"
