"""Where a PostgreSQL database is. The password in it shows nowhere: not in logs, errors or a repr."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

_SCHEMES = ("postgresql", "postgres")
_SECRET = frozenset({"password", "sslpassword"})


@dataclass(frozen=True, slots=True)
class PostgresUrl:
    """`postgresql://user:password@host:port/database?option=…`, as libpq reads it.

    Args:
        dsn: the whole of it, with its secrets.
    """

    dsn: str = field(repr=False)
    shown: str = ""

    @classmethod
    def parse(cls, text: str) -> PostgresUrl:
        """Read a URL.

        Raises:
            ValueError: it is none; the message holds nothing of it.
        """
        scheme, _, rest = text.partition("://")
        dsn = f"postgresql://{rest}"
        try:
            parts = urlsplit(dsn)
            _ = parts.port
        except ValueError:
            raise ValueError("expected postgresql://user@host:port/database, and its port is no number") from None
        if scheme.partition("+")[0] not in _SCHEMES or len(parts.path) < 2:
            raise ValueError("expected postgresql://user@host/database, with the database's name")
        return cls(dsn, _shown(parts))

    @property
    def database(self) -> str:
        """Its name, as part of a path."""
        return quote(unquote(urlsplit(self.dsn).path[1:]), safe="").replace(".", "%2E")

    def __str__(self) -> str:
        return self.shown


def is_postgres(text: str) -> bool:
    """Whether `text` names a PostgreSQL database, well or badly, and no file."""
    scheme, separator, _ = text.partition("://")
    return bool(separator) and scheme.partition("+")[0] in _SCHEMES


def _shown(parts: SplitResult) -> str:
    """The URL without what is secret."""
    user = f"{quote(parts.username)}@" if parts.username else ""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    options = [(name, value) for name, value in parse_qsl(parts.query) if name not in _SECRET]
    query = f"?{urlencode(options, safe='/')}" if options else ""
    return f"postgresql://{user}{host}{port}{parts.path}{query}"
