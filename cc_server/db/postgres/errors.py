"""What can go wrong with a PostgreSQL database, each in one sentence that says what to do and shows no secret."""

from __future__ import annotations

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from cc_server.db.errors import DatabaseUnavailable
from cc_server.db.postgres.url import PostgresUrl

_LOST_ITS_WAY = (asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg raises of itself, mostly where a connection is cut in the middle of something."""
FAILURES = (DBAPIError, PoolTimeout, asyncpg.PostgresError, *_LOST_ITS_WAY, OSError, TimeoutError)
"""What SQLAlchemy, asyncpg and the network raise."""
_COLLISIONS = frozenset({"40001", "40P01"})
"""Serialization failure, deadlock: the unit was taken back whole, and may run again."""


class NoConnection(TimeoutError):
    """None was made in time; any other `TimeoutError` is of a statement."""


def is_collision(error: BaseException) -> bool:
    """Whether two units got in each other's way, and nothing else is wrong."""
    return _code(error) in _COLLISIONS


def is_disconnect(error: BaseException) -> bool:
    """Whether the connection itself is gone."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or _code(error)[:2] == "08" or _code(error) in _GOING
    return isinstance(error, (OSError, TimeoutError, asyncpg.PostgresConnectionError, *_LOST_ITS_WAY))


def is_for_writing_only(error: BaseException) -> bool:
    """Whether nothing can be written for a while, though everything may be read: no space, no rights, a standby."""
    return _code(error)[:2] in _FOR_WRITING or _code(error) in _FOR_WRITING


def unavailable(url: PostgresUrl, error: BaseException) -> DatabaseUnavailable | None:
    """`error` as a sentence about `url`, or None where it is a mistake of ours and not of the database."""
    code = _code(error)
    sentence = _BY_CODE.get(code) or _BY_CLASS.get(code[:2])
    if sentence is None and isinstance(error, PoolTimeout):
        sentence = "The database {url} is too busy to answer; ask again."
    if sentence is None and isinstance(error, asyncpg.exceptions.ClientConfigurationError):
        sentence = "The address {url} can't be used; check its parts and options."
    if sentence is None and isinstance(error, TimeoutError) and not isinstance(error, NoConnection):
        sentence = _TOO_SLOW
    if sentence is None and is_disconnect(error):
        sentence = _UNREACHABLE
    return DatabaseUnavailable(sentence.format(url=url)) if sentence else None


def _code(error: BaseException) -> str:
    """The SQLSTATE of an error, or nothing."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(cause, "sqlstate", None) or "")


_UNREACHABLE = "The database {url} can't be reached; check that it runs and listens there."
_TOO_SLOW = "The database {url} took too long to answer; ask again."
_STOPPING = "The database {url} is starting or stopping; it will be asked again."
_GOING = frozenset({"57P01", "57P02", "57P03"})
_FOR_WRITING = frozenset({"25006", "42501", "53100", "58"})
_BY_CODE = dict.fromkeys(_GOING, _STOPPING) | {
    "25006": "The database {url} may only be read (it is a standby); name the one that may be written to.",
    "28P01": "The database {url} refuses the user or the password.",
    "3D000": "The database {url} does not exist; make it with: createdb.",
    "40001": "The database {url} is too busy to answer; ask again.",
    "40P01": "The database {url} is too busy to answer; ask again.",
    "42501": "The database {url} does not let this user do that; grant it the rights on its schema.",
    "53100": "The disk of the database {url} is full; free some space.",
    "53300": "The database {url} has no connection left; raise its max_connections or run fewer processes.",
    "55P03": "The database {url} is too busy to answer; ask again.",
    "55000": "The database {url} accepts no connections; ask who runs it.",
    "57014": _TOO_SLOW,
}
_BY_CLASS = {
    "08": _UNREACHABLE,
    "28": "The database {url} refuses the user or the password.",
    "53": "The database {url} is out of resources; look into its log.",
    "58": "The disk of the database {url} fails; look into its log.",
    "XX": "The database {url} is damaged; look into its log, and restore it from a backup if need be.",
}
