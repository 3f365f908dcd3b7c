"""API keys: made once, stored as a hash, looked up in constant time, revoked for good.

A key that is bound to clients neither makes, nor sees, nor revokes one that sees more than itself. A name is never used
again, so that what is on record under it is one key's for ever.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from cc_api_client.models.base import Page
from cc_api_client.models.installation.keys import KEY_NAME, ApiKey, CreatedApiKey
from cc_server.db.portable.prepared import Prepared
from cc_server.db.portable.upsert import insert_new
from cc_server.db.tables import api_keys
from cc_server.db.transaction import closing, locks
from cc_server.domain.access import clients
from cc_server.domain.base import audit
from cc_server.domain.base.actors import SHELL, SYSTEM, Actor, Key
from cc_server.domain.base.cursors import Cursors
from cc_server.domain.base.refusals import DomainRefusal, not_found
from cc_server.domain.base.unit import Unit
from cc_server.events.log import KeyRevoked

RESERVED_NAMES = frozenset({SYSTEM.name, SHELL.name})
"""Under these the server itself acts."""

_BY_HASH = Prepared(
    select(api_keys).where(api_keys.c.token_sha256 == bindparam("hash"), api_keys.c.revoked_at.is_(None))
)
_BY_ID = Prepared(select(api_keys).where(api_keys.c.id == bindparam("wanted")))
_VALID = Prepared(select(api_keys.c.id).where(api_keys.c.id == bindparam("wanted"), api_keys.c.revoked_at.is_(None)))
_BY_NAME = Prepared(select(api_keys.c.id).where(api_keys.c.name == bindparam("wanted")))
_INSERT = insert_new(api_keys, ("name",), returning=(api_keys.c.id,))
_REVOKE = Prepared(
    update(api_keys)
    .where(api_keys.c.id == bindparam("wanted"), api_keys.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("moment"))
)
_USED = Prepared(update(api_keys).where(api_keys.c.id == bindparam("wanted")).values(last_used_at=bindparam("moment")))


def create(conn: Connection, unit: Unit, name: str, role: str, client_ids: Sequence[str] | None) -> CreatedApiKey:
    """Make a key; its token is shown this once.

    Raises:
        DomainRefusal: the name can't be used or was used before (`validation_failed`, `invalid_state`), a client is
            unknown (`not_found`), or the new key would see more than the one that makes it (`forbidden`).
    """
    bound = sorted(set(client_ids)) if client_ids is not None else None
    _require_within(unit.actor, bound)
    require_name(name)
    for client_id in bound or ():
        if not clients.exists(conn, client_id):
            raise DomainRefusal("not_found", f"there is no client {client_id[:64]}, or this key may not see it")
    token = "cc_" + base64.urlsafe_b64encode(unit.ids.token()).decode().rstrip("=")
    key_id = unit.ids.new()
    row = {
        "id": key_id, "name": name, "role": role, "client_ids": bound, "prefix": token[:8],
        "token_sha256": _hash(token), "created_at": unit.now, "revoked_at": None, "last_used_at": None,
    }  # fmt: skip
    if _INSERT.first(conn, row) is None:
        raise DomainRefusal("invalid_state", f"a key named {name!r} exists, or existed; choose another name")
    facts = {"name": name, "role": role, "clients": bound}
    audit.record(conn, unit, "key.create", "api_key", key_id, _only(bound), after=facts)
    return CreatedApiKey(key=_model(row), token=token)


def revoke(conn: Connection, unit: Unit, key_id: str) -> None:
    """End a key for good; its streams are closed at once. One that is revoked already stays so.

    What the key changes at this moment is waited for.

    Raises:
        DomainRefusal: there is none that the actor may touch (`not_found`).
    """
    row = find(conn, unit.actor, key_id)
    locks.exclusive(conn, locks.of_key(key_id))
    if _REVOKE.run(conn, {"wanted": key_id, "moment": unit.now}):
        closing.forget(conn)
        audit.record(
            conn, unit, "key.revoke", "api_key", key_id, _only(row["client_ids"]), before={"name": row["name"]}
        )
        closing.announce(conn, KeyRevoked(key_id))


def find(conn: Connection, actor: Actor, key_id: str) -> Mapping[Any, Any]:
    """One key.

    Raises:
        DomainRefusal: there is none that the actor sees (`not_found`).
    """
    row = _BY_ID.first_mapping(conn, {"wanted": key_id})
    if row is None or not _is_within(actor, row["client_ids"]):
        raise not_found("key")
    return row


def named(conn: Connection, name: str) -> str | None:
    """The id of the key with that name."""
    found: str | None = _BY_NAME.scalar(conn, {"wanted": name})
    return found


def page(conn: Connection, actor: Actor, limit: int, cursor: str | None) -> Page[ApiKey]:
    """Keys by name, revoked ones too.

    Raises:
        DomainRefusal: the cursor is of another list (`invalid_cursor`).
    """
    cursors = Cursors("api_keys", sorted(actor.visible or ()), actor.visible is None)
    query = select(api_keys).order_by(api_keys.c.name, api_keys.c.id)
    query = cursors.seek(query, api_keys.c.name, api_keys.c.id, cursor, descending=False)
    seen = (row for row in conn.execute(query).mappings() if _is_within(actor, row["client_ids"]))
    rows = [row for row, _ in zip(seen, range(limit + 1), strict=False)]
    last = rows[limit - 1] if len(rows) > limit else None
    following = cursors.after(last["name"], last["id"]) if last is not None else None
    return Page[ApiKey](items=[_model(row) for row in rows[:limit]], next_cursor=following)


def every(conn: Connection) -> list[ApiKey]:
    """All keys by name, revoked ones too."""
    return [_model(row) for row in conn.execute(select(api_keys).order_by(api_keys.c.name)).mappings()]


def authenticate(conn: Connection, token: str) -> Key | None:
    """The key that `token` is; None when it is none."""
    digest = _hash(token)
    row = _BY_HASH.first(conn, {"hash": digest})
    if row is None or not hmac.compare_digest(row.token_sha256, digest):
        return None
    return Key(row.id, row.name, row.role, frozenset(row.client_ids) if row.client_ids is not None else None)


def require_valid(conn: Connection, key_id: str) -> None:
    """Refuse a key that was revoked since it was let in.

    Raises:
        DomainRefusal: it is valid no more (`unauthenticated`).
    """
    if closing.known(conn, (_VALID, key_id), lambda: _VALID.scalar(conn, {"wanted": key_id})) is None:
        raise DomainRefusal("unauthenticated", "the key was revoked")


def hold_valid(conn: Connection, key_id: str) -> None:
    """The same for what changes something: the key stays valid until the transaction ends.

    Once somebody was told that a key is revoked, nothing that it began is kept any more.

    Raises:
        DomainRefusal: it is valid no more (`unauthenticated`).
    """
    locks.shared(conn, locks.of_key(key_id))
    require_valid(conn, key_id)


def used(conn: Connection, uses: Mapping[str, datetime]) -> None:
    """Write down when keys were last used."""
    if uses:
        _USED.run_many(conn, [{"wanted": key_id, "moment": at} for key_id, at in sorted(uses.items())])


def require_name(name: str) -> None:
    """Say no to a name that no key can have.

    Raises:
        DomainRefusal: it has no characters, too many or hidden ones (`validation_failed`), or is the server's own
            (`invalid_state`).
    """
    if not re.fullmatch(KEY_NAME, name) or not name.isprintable():
        detail = "a key's name has 1 to 100 characters, no control or hidden characters, and no blank at either end"
        raise DomainRefusal("validation_failed", detail)
    if name.casefold() in RESERVED_NAMES:
        raise DomainRefusal("invalid_state", f"the server itself acts under the name {name!r}; choose another")


def _require_within(actor: Actor, client_ids: Sequence[str] | None) -> None:
    if not _is_within(actor, client_ids):
        detail = "a key that is bound to clients makes no key that sees more than its own; name some of its clients"
        raise DomainRefusal("forbidden", detail)


def _is_within(actor: Actor, client_ids: Sequence[str] | None) -> bool:
    """Whether a key with these clients sees no more than the actor."""
    return actor.visible is None or (client_ids is not None and actor.visible.issuperset(client_ids))


def _only(client_ids: Sequence[str] | None) -> str | None:
    """The client that a row of the audit trail is about; None where there are several, or none."""
    return client_ids[0] if client_ids is not None and len(client_ids) == 1 else None


def _model(row: Mapping[Any, Any]) -> ApiKey:
    return ApiKey.model_validate({name: row[name] for name in ApiKey.model_fields})


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
