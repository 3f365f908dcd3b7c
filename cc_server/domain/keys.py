"""API keys: made once, stored as a hash, looked up in constant time."""

from __future__ import annotations

import base64
import hashlib
import hmac

from sqlalchemy import Connection, bindparam, insert, select

from cc_server.db.tables import api_keys
from cc_server.domain.actors import Key
from cc_server.domain.refusals import DomainRefusal
from cc_server.domain.unit import Unit

_BY_HASH = select(api_keys).where(api_keys.c.token_sha256 == bindparam("hash"), api_keys.c.revoked_at.is_(None))


def create(conn: Connection, unit: Unit, name: str, role: str, client_ids: list[str] | None) -> str:
    """Make a key; returns its token, which is shown this once.

    Raises:
        DomainRefusal: the name is taken, now or ever (`invalid_state`).
    """
    if conn.execute(select(api_keys.c.id).where(api_keys.c.name == name)).first() is not None:
        raise DomainRefusal("invalid_state", f"a key named {name!r} exists, or existed; choose another name")
    token = "cc_" + base64.urlsafe_b64encode(unit.ids.token()).decode().rstrip("=")
    conn.execute(
        insert(api_keys),
        {
            "id": unit.ids.new(), "name": name, "role": role, "client_ids": client_ids, "prefix": token[:8],
            "token_sha256": _hash(token), "created_at": unit.now, "revoked_at": None,
        },
    )  # fmt: skip
    return token


def authenticate(conn: Connection, token: str) -> Key | None:
    """The key that `token` is; None when it is none."""
    digest = _hash(token)
    row = conn.execute(_BY_HASH, {"hash": digest}).first()
    if row is None or not hmac.compare_digest(row.token_sha256, digest):
        return None
    return Key(row.id, row.name, row.role, frozenset(row.client_ids) if row.client_ids is not None else None)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
