"""The settings of the installation: read with every unit of work, changed by one compare-and-set.

Stored as one JSON document; what it does not name has its default, so that a later version may add a setting without
touching what is stored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, bindparam, select, update

from cc_api_client.models.events import EventType
from cc_api_client.models.outbox.policy import PolicyBody
from cc_api_client.models.settings import Settings
from cc_server.db.errors import DatabaseUnavailable
from cc_server.db.portable.prepared import Prepared
from cc_server.db.tables import settings
from cc_server.db.transaction import closing, locks
from cc_server.domain.base import audit
from cc_server.domain.base.patches import merged
from cc_server.domain.base.refusals import DomainRefusal, version_conflict
from cc_server.domain.base.unit import Unit
from cc_server.domain.controls import kill_switch
from cc_server.domain.controls.waking import wake_what_waits
from cc_server.domain.policy.default import DEFAULT_POLICY, pin_of
from cc_server.events import log as events

_READ = Prepared(select(settings.c.document, settings.c.version).where(settings.c.id == 1))
_CHANGE = Prepared(
    update(settings)
    .where(settings.c.id == 1, settings.c.version == bindparam("from_version"))
    .values(document=bindparam("written"), version=settings.c.version + 1, changed_at=bindparam("now"))
    .returning(settings.c.version)
)


def read(conn: Connection) -> Settings:
    """The settings as they are, without the stops.

    Raises:
        DatabaseUnavailable: what is stored can't be understood: nothing is judged by settings that nobody made.
    """
    return closing.known(conn, _READ, lambda: _stored(conn))


def _stored(conn: Connection) -> Settings:
    row = _READ.one(conn)
    return _parsed(row.document, row.version)


def show(conn: Connection, unit: Unit) -> Settings:
    """The settings with the engaged stops that the actor sees."""
    return read(conn).model_copy(update={"kill_switch": kill_switch.engaged(conn, unit.actor)})


def change(conn: Connection, unit: Unit, patch: Mapping[str, Any], version: int | None) -> Settings:
    """Change some settings that were read at `version`.

    Args:
        conn: the transaction.
        unit: who, when.
        patch: what changes (RFC 7396); null: as it is where nobody sets it.
        version: what the admin saw; None: any.

    Raises:
        DomainRefusal: `forbidden` (a key bound to clients), `version_conflict`, `validation_failed` (the policy as
            it would be with the change has a mistake).
    """
    require_unbound(unit)
    locks.exclusive(conn, locks.CONTROLS)
    before = show(conn, unit)
    if version not in (None, before.version):
        raise version_conflict(before)
    return _write(conn, unit, before, patch)


def hold(conn: Connection, unit: Unit, seconds: int) -> None:
    """Set how long deliveries are held, as whoever starts the server says."""
    locks.exclusive(conn, locks.CONTROLS)
    _write(conn, unit, show(conn, unit), {"approvals": {"hold_seconds": seconds}})


def require_unbound(unit: Unit) -> None:
    """Refuse keys that see some clients only: what is set holds for every client.

    Raises:
        DomainRefusal: the key is bound (`forbidden`).
    """
    if unit.actor.is_bound:
        raise DomainRefusal("forbidden", "this holds for every client; a key that is bound to clients can't change it")


@lru_cache(maxsize=16)
def _parsed(document: str, version: int) -> Settings:
    try:
        found = Settings.model_validate({**json.loads(document), "version": version})
    except (ValueError, TypeError) as error:
        raise DatabaseUnavailable(f"The settings in the database can't be understood: {error}") from None
    policy = found.approvals.policy or DEFAULT_POLICY
    approvals = found.approvals.model_copy(update={"policy": policy, "policy_version": pin_of(policy)})
    return found.model_copy(update={"approvals": approvals})


def _write(conn: Connection, unit: Unit, before: Settings, patch: Mapping[str, Any]) -> Settings:
    document = merged(json.loads(_READ.one(conn).document), patch)
    _check_policy(document.get("approvals", {}).get("policy"))
    text = json.dumps(document, separators=(",", ":"))
    old, new = _flat(before), _flat(_parsed(text, before.version))
    if old == new:
        return before
    written = {"written": text, "from_version": before.version, "now": unit.now}
    if _CHANGE.first(conn, written) is None:
        raise version_conflict(show(conn, unit))
    closing.forget(conn)
    wake_what_waits(conn, unit)
    after = show(conn, unit)
    _tell(conn, unit, before, after)
    return after


def _check_policy(policy: Mapping[str, Any] | None) -> None:
    """Refuse a policy with a word that means nothing: it would forbid nothing.

    Raises:
        DomainRefusal: where it is wrong (`validation_failed`).
    """
    if policy is None:
        return
    try:
        PolicyBody.model_validate(policy)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DomainRefusal("validation_failed", f"body approvals.policy.{place}: {first['msg']}") from None


def _tell(conn: Connection, unit: Unit, before: Settings, after: Settings) -> None:
    events.append(
        conn, at=unit.now, topic="system", type=EventType.SETTINGS_CHANGED, object_id="settings", version=after.version,
        client_id=None, data=after.model_dump_json(exclude={"kill_switch"}), request_id=unit.request_id,
        idempotency_key=unit.idempotency_key,
    )  # fmt: skip
    old, new = _flat(before), _flat(after)
    names = [name for name in sorted(new) if old[name] != new[name] and name != "approvals.policy_version"]
    audit.record(
        conn, unit, "settings.change", "settings", "settings", None,
        before={"version": before.version} | {name: old[name] for name in names},
        after={"version": after.version} | {name: new[name] for name in names},
    )  # fmt: skip


def _flat(found: Settings) -> dict[str, Any]:
    """Every setting by its dotted name, as JSON has it."""
    told = found.model_dump(mode="json", exclude={"kill_switch", "version"})
    return {f"{section}.{name}": value for section, fields in told.items() for name, value in fields.items()}
