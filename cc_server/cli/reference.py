"""The pages of docs/reference that the program itself knows: commands and settings, and the API.

Written by `python -m cc_server.cli.reference server > docs/reference/server.md`, and the same with `api`; a test holds
the pages to the program.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from cc_server.api.http.problems import KINDS
from cc_server.app import api_document
from cc_server.cli.main import parser
from cc_server.config import SETTINGS, variable_of

_SERVER_HEAD = """# cc-server: commands and settings

Every command takes `--db` and `--config`. It exits with 0, with 1 when it failed (a sentence on stderr says why), with
2 when it was not understood, with 3 when `audit verify` finds something wrong, and with 130 when it was interrupted.
"""
_SETTINGS_HEAD = """## Settings

In the file that `--config` names (TOML; what has a dot stands in a table), or in the environment. A flag goes over the
environment, the environment over the file. A relative path in the file means: beside that file.

| key | variable | default | meaning |
|---|---|---|---|"""
_API_HEAD = """# The API

What `/openapi.json` describes in full, by route; what holds for all of them is [the contract](contract.md). A key goes
in `X-API-Key`; `X-Client-Id` narrows a call to one client (or `all`), `Idempotency-Key` makes a write safe to send
again, `If-Match` with the `ETag` that was seen refuses to change what changed meanwhile. Lists take `limit` and
`cursor`. Whatever is refused is a problem (RFC 9457) with one of the codes below.

## Routes

| route | asks for | what | parameters |
|---|---|---|---|"""
_PROBLEMS_HEAD = """## Problems

| code | status | what it means |
|---|---|---|"""
_EVERYWHERE = frozenset({"limit", "cursor"})


def server_reference() -> str:
    """Commands and settings."""
    commands = "\n".join(_commands(parser(), "cc-server"))
    settings = [
        f"| `{key}` | `{variable_of(key)}` | {setting.default} | {setting.meaning} |"
        for key, setting in SETTINGS.items()
    ]
    return "\n".join([_SERVER_HEAD, "## Commands\n", commands, "\n".join([_SETTINGS_HEAD, *settings]), ""])


def _commands(parsed: argparse.ArgumentParser, called: str) -> Iterator[str]:
    """What each command does and takes, from the parser's own words."""
    for action in parsed._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help for choice in action._choices_actions}
            for name, below in action.choices.items():
                yield from _command(below, f"{called} {name}", helps.get(name) or "")


def _command(parsed: argparse.ArgumentParser, called: str, does: str) -> Iterator[str]:
    below = list(_commands(parsed, called))
    if below:
        yield from below
        return
    positional = [one for one in parsed._actions if not one.option_strings]
    yield f"### `{' '.join([called, *(one.dest.upper() for one in positional)])}`\n"
    yield f"{does[:1].upper()}{does[1:]}.\n"
    for one in parsed._actions:
        if one.dest in ("help", "db", "config"):
            continue
        names = ", ".join(one.option_strings) or one.dest.upper()
        takes = f" {one.metavar or one.dest.upper()}" if one.option_strings and one.nargs != 0 else ""
        words = f" ({', '.join(map(str, one.choices))})" if one.choices else ""
        yield f"- `{names}{takes}`{words}: {one.help}"
    yield ""


def api_reference() -> str:
    """Routes and problems."""
    routes = [
        _route(method.upper(), path, operation)
        for path, item in api_document()["paths"].items()
        for method, operation in item.items()
    ]
    problems = [f"| `{code}` | {kind.status} | {kind.title}: {kind.meaning} |" for code, kind in KINDS.items()]
    return "\n".join([_API_HEAD, *routes, "", _PROBLEMS_HEAD, *problems, ""])


def _route(method: str, path: str, operation: dict[str, Any]) -> str:
    named = [one["name"] for one in operation.get("parameters", []) if one.get("in") == "query"]
    parameters = ", ".join(f"`{name}`" for name in named if name not in _EVERYWHERE)
    says = " ".join(str(operation.get("description", "")).split()).replace("|", "\\|")
    return f"| `{method} {path}` | {operation['x-role']} | {says} | {parameters} |"


PAGES = {"server": server_reference, "api": api_reference}

if __name__ == "__main__":
    sys.stdout.write(PAGES[sys.argv[1]]())
