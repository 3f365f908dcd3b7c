"""The anchor: where the audit trail stood, in a file outside the database.

A chain shows what was changed in its middle, not that its end was cut off: the anchor does. It is written after
commits, so one that is behind the trail is fine; one that is ahead of it means that rows were cut off.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

from cc_server.sealing.keys import SealingError, replace


@dataclass(frozen=True, slots=True)
class Anchor:
    """The last row that was known, and in which history of the database (a restore begins another)."""

    epoch: str
    seq: int
    seal: str


def read_anchor(file: Path) -> Anchor | None:
    """The anchor in `file`; None where there is no such file.

    Raises:
        SealingError: it can't be read, or holds something else.
    """
    try:
        told = json.loads(file.read_text(encoding="ascii"))
        return Anchor(str(told["epoch"]), int(told["seq"]), str(told["seal"]))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SealingError(f"The audit anchor {file} can't be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError):
        raise SealingError(f"The audit anchor {file} is damaged.") from None


def set_aside(file: Path) -> Path | None:
    """Keep the anchor of another database under another name; None where there is none.

    Raises:
        SealingError: it can't be moved.
    """
    if not file.exists():
        return None
    aside = next(name for number in count(1) if not (name := file.with_name(f"{file.name}.{number}")).exists())
    try:
        file.rename(aside)
    except OSError as error:
        raise SealingError(f"The audit anchor {file} can't be moved: {error.strerror}.") from None
    return aside


def write_anchor(file: Path, anchor: Anchor) -> None:
    """Move the anchor to `anchor`.

    Raises:
        SealingError: it can't be written.
    """
    replace(file, json.dumps(asdict(anchor)) + "\n")
