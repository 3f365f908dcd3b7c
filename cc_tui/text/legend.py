"""What the signs and words of the screens mean, one table for the app and for the docs.

`python -m cc_tui.text.legend > docs/reference/signs-and-words.md` writes the page.
"""

from __future__ import annotations

import sys

from cc_api_client.models.outbox.risk_levels import HIGH_FROM
from cc_tui.text.signs import ASCII, UNICODE

SIGNS: dict[str, str] = {
    "cursor": "the row that keys act on",
    "mark": "marked with space; a verb acts on all marks",
    "safe": "safe, or done: sent, finished well",
    "warn": "look closer: a warning, an unsettled or failed delivery, a run that was killed",
    "block": f"stop: a blocking flag or risk {HIGH_FROM} and up, an error, spent budget",
    "leads_to": "on its way (held, leaving, waits, tries again); after a condition: the tab to look at",
    "rejected": "rejected by a person, or a run that failed",
    "up": "works: an active agent, a run under way, a healthy server",
    "paused": "a paused agent",
    "planned": "not there yet: a planned agent, a server that was not reached so far",
    "none": "no figure, because nothing tells it; a run that was skipped",
    "descending": "sorted by this column, greatest or oldest first",
    "ascending": "the same, turned round",
    "ellipsis": "cut: there is more than fits",
}
"""Meaning by the sign's name in `Signs`."""

WORDS: dict[str, str] = {
    "pending": "drafts that wait for a person",
    "held": "approved, and kept back some seconds so that u can recall it",
    "leaving": "approved and not yet sent: held, waiting, being sent or tried again",
    "waits": "approved, and something keeps it back: a stop, a pause, a budget, the cap; the draft says which",
    "Degraded": "the first word above, of the business as a whole: something needs a look; it is named beside it, "
    "or on the dashboard where there is no room",
    "problems": "deliveries that failed or of which nobody knows whether they left, drafts that came back, "
    "and undelivered decisions",
    "unknown": "the send was cut off: nobody knows whether it left; m settles it",
    "sent": "handed over to the mail provider, or booked as a call or a change of contract",
    "expired": "nobody decided in time; the agent has to draft it again",
    "withdrawn": "the agent took the draft back, or its recipient must not be written to",
    "risk": f"0 to 100, from what was found in the draft; high from {HIGH_FROM}; w says why",
    "high risk": f"pending drafts with a blocking flag, or of risk {HIGH_FROM} and up; they ask for Y",
    "flag": "something found in the draft: info, warn, or block",
    "safe": "the policy lets it be approved in a batch: every condition known and true",
    "opened": "in the list of a batch: you have had this draft before you",
    "cooldown": "the same recipient had a message within the policy's days",
    "suppressed": "an address that is never written to",
    "hold": "the seconds between approving and sending; longer with more risk and in batches",
    "stopped": "a stop is engaged for everything, an agent or a client: nothing of it leaves",
    "undelivered": "decided here, and not confirmed by the server yet; it is on your disk",
    "Beat": "how long ago the agent last gave a sign of life",
    "read-only": "this key, or --read-only, only looks",
}

HEAD = """# Signs and words

What stands on the screens. In a terminal without Unicode (`--ascii`) each sign has the twin in the second column.
"""


def page() -> str:
    """The page of the docs."""
    signs = [
        f"| `{_sign(name, ascii_only=False)}` | `{_sign(name, ascii_only=True)}` | {told} |"
        for name, told in SIGNS.items()
    ]
    words = [f"| {word} | {told} |" for word, told in WORDS.items()]
    return "\n".join([
        HEAD, "| sign | ASCII | means |", "|---|---|---|", *signs, "", "| word | means |", "|---|---|", *words, "",
    ])  # fmt: skip


def _sign(name: str, *, ascii_only: bool) -> str:
    return str(getattr(ASCII if ascii_only else UNICODE, name))


if __name__ == "__main__":
    sys.stdout.write(page())
