"""What a setting expects: what somebody typed becomes its value, or a `ValueError` says what was expected."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from cc_server.db.postgres.url import PostgresUrl, is_postgres

_DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


def text(value: object) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("expected a text that is not empty")
    return value


def whole(low: int, high: int) -> Callable[[object], int]:
    """A whole number within these bounds."""

    def convert(value: object) -> int:
        if isinstance(value, str) and re.fullmatch(r"\d{1,9}", value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"expected a whole number from {low} to {high}")
        return value

    return convert


def yes_or_no(value: object) -> bool:
    """True or false, as a word too."""
    if value not in (True, False, "true", "false"):
        raise ValueError("expected true or false")
    return value in (True, "true")


def choice(kind: type[StrEnum]) -> Callable[[object], StrEnum]:
    """One of a few words."""

    def convert(value: object) -> StrEnum:
        names = [member.value for member in kind]
        if value not in names:
            raise ValueError(f"expected one of {', '.join(names)}")
        return kind(str(value))

    return convert


def client_id(value: object) -> str:
    """The id of a client, as it is written."""
    try:
        return str(UUID(text(value)))
    except ValueError:
        raise ValueError("expected the id of a client, a UUID") from None


def mailbox(value: object) -> str:
    """An address that a mail can be from, as the mail's own parser reads it."""
    from email.headerregistry import AddressHeader, HeaderRegistry

    sender = text(value)
    try:
        read = HeaderRegistry()("From", sender) if sender.isprintable() else None
    except IndexError:  # so the parser says no to some
        read = None
    domains: list[str] = [one.domain for one in read.addresses] if isinstance(read, AddressHeader) else []
    if read is None or read.defects or len(domains) != 1 or not _DOMAIN.fullmatch(domains[0]):
        raise ValueError("expected name@domain or Name <name@domain>, with the domain in ASCII (xn--…)")
    return sender


def database(value: object) -> Path | PostgresUrl:
    """A file, or where PostgreSQL is."""
    if isinstance(value, str) and is_postgres(value):
        return PostgresUrl.parse(value)
    return path(value)


def path(value: object) -> Path:
    """Where a file lies; `~` is who starts the server."""
    return value if isinstance(value, Path) else Path(text(value)).expanduser()
