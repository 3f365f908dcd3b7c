"""How a process connects: its engine, and what text and JSON are on the wire."""

from __future__ import annotations

from typing import Any

import asyncpg
from sqlalchemy import Column, String, Text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.ext.compiler import compiles

from cc_server.db.portable.types import as_json, from_json
from cc_server.db.postgres.errors import NoConnection
from cc_server.db.postgres.url import PostgresUrl

APPLICATION = "cc-server"
"""By which name our connections are told from others."""
CONNECTIONS = 8
CONNECT_SECONDS = 5.0
WAIT_SECONDS = 10.0
"""How long a unit waits for a free connection."""
STATEMENT_SECONDS = 30.0
_ESCAPE, _ESCAPED, _NUL = "\ufdd0", "\ufdd0\ufdd1", "\ufdd0\ufdd2"
"""Text may hold NUL, which PostgreSQL's may not: it is stored as two characters that Unicode keeps for inner use."""


def engine_of(url: PostgresUrl) -> AsyncEngine:
    """An engine; it connects when it is first used."""

    async def connect() -> Any:
        return await connection(url)

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=WAIT_SECONDS,
        isolation_level="READ COMMITTED",
        json_serializer=as_json,
        json_deserializer=from_json,
        hide_parameters=True,  # an error must not carry texts and hashes into a log
    )


async def connection(url: PostgresUrl) -> Any:
    """One connection of asyncpg.

    Raises:
        NoConnection: there was none in time.
    """
    try:
        made = await asyncpg.connect(
            url.dsn,
            timeout=CONNECT_SECONDS,
            command_timeout=STATEMENT_SECONDS,
            server_settings={"application_name": APPLICATION, "jit": "off"},
        )
    except TimeoutError as error:
        raise NoConnection from error
    for name in ("text", "varchar"):
        await made.set_type_codec(name, schema="pg_catalog", encoder=_to_stored, decoder=_from_stored)
    return made


def _to_stored(text: str) -> str:
    if "\0" not in text and _ESCAPE not in text:
        return text
    return text.replace(_ESCAPE, _ESCAPED).replace("\0", _NUL)


def _from_stored(text: str) -> str:
    return text.replace(_NUL, "\0").replace(_ESCAPED, _ESCAPE) if _ESCAPE in text else text


@compiles(String, "postgresql")
@compiles(Text, "postgresql")
def _text(_type: String, _compiler: Any, *, type_expression: Any = None, **_more: Any) -> str:
    """Columns of text have no greatest length and sort by code points, as on SQLite."""
    return 'TEXT COLLATE "C"' if isinstance(type_expression, Column) else "TEXT"
