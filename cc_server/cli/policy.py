"""`cc-server policy`: look at a policy's file before it is put in force, see the one in force, and put one in force."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection

from cc_api_client.models.outbox.policy import Policy, PolicyBody
from cc_server.cli.opening import opened
from cc_server.config import ConfigError, ServerSettings, line_of, nearest, read_toml
from cc_server.db.schema import Opening
from cc_server.domain.base.actors import SHELL
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.controls import settings as controls
from cc_server.domain.controls.begin import Turn, begin
from cc_server.domain.policy.default import pin_of


def check(file: Path) -> int:
    """Say whether a file holds a policy.

    Raises:
        ConfigError: it does not; says what, where, and what would be right.
    """
    policy = read(file)
    sys.stdout.write(f"{file} is the policy {policy.version} ({pin_of(policy)})\n")
    return 0


def show(settings: ServerSettings, file: Path | None) -> int:
    """Print a file's policy, or the one in force, with what each line means; what it leaves out has its default.

    Raises:
        ConfigError: the file holds none, or there is no database.
    """
    sys.stdout.write(as_toml(read(file) if file is not None else _in_force(settings)))
    return 0


def use(settings: ServerSettings, file: Path) -> int:
    """Put a file's policy in force; a server that runs meanwhile judges what waits by it within seconds.

    Raises:
        ConfigError: it holds none, or there is no database.
    """
    policy = read(file)
    with opened(settings, Opening.EXISTING) as db:

        def work(conn: Connection) -> None:
            unit = begin(conn, SHELL, db.clock.now(), db.ids, Turn.CHANGES)
            controls.change(conn, unit, {"approvals": {"policy": policy.model_dump()}}, None)

        try:
            db.write_sync(work)
        except DomainRefusal as refusal:
            raise ConfigError(f"{file}: {refusal.detail}") from None
    sys.stderr.write(f"The policy {policy.version} ({pin_of(policy)}) is in force.\n")
    return 0


def read(file: Path) -> PolicyBody:
    """The policy that a file holds.

    Raises:
        ConfigError: it can't be read, or is none.
    """
    text, told = read_toml(file)
    names = list(PolicyBody.model_fields)
    for name in told:
        if name not in names:
            raise ConfigError(
                f"{file}, line {line_of(text, name)}: {name} is no part of a policy{nearest(name, names)}"
            )
    try:
        return PolicyBody.model_validate_json(json.dumps(told, default=str))
    except ValidationError as error:
        raise ConfigError(_mistakes(file, text, error)) from None


def as_toml(policy: Policy) -> str:
    """A policy as its file would say it, each line under what it means."""
    lines: list[str] = []
    for name, field in type(policy).model_fields.items():
        value = getattr(policy, name)
        lines += [
            f"# {(field.description or '').replace('null:', 'left out:')}",
            f"{name} = {_value(value)}" if value is not None else f"# {name} =",
        ]
    return "\n".join(lines) + "\n"


def _in_force(settings: ServerSettings) -> Policy:
    with opened(settings, Opening.EXISTING) as db:
        return db.read_sync(lambda conn: begin(conn, SHELL, db.clock.now(), db.ids, Turn.READS).policy)


def _mistakes(file: Path, text: str, error: ValidationError) -> str:
    """All that is wrong, a line each."""
    told = []
    for one in error.errors(include_url=False, include_input=False):
        name = str(one["loc"][0]) if one["loc"] else "version"
        place = f", line {line_of(text, name)}" if name in text else ""
        told.append(f"{file}{place}: {name}: {_sentence(one)}")
    return "\n".join(told)


def _sentence(error: Mapping[str, Any]) -> str:
    return str(error["msg"]).removeprefix("Value error, ").replace("Field required", "is missing")


def _value(value: object) -> str:
    """A value as TOML writes it: JSON does for texts, numbers and lists of them."""
    return json.dumps(value, ensure_ascii=False)
