"""The command line of `cc-server`: what may be typed, and how mistakes are told.

Only what a command needs is imported, and only once it is known. argparse, because a richer parser would take a third
of the server's whole start.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from cc_api_client.models.installation.roles import Role
from cc_server.config import MOST_WORKERS, ConfigError, ServerSettings, load_settings
from cc_server.logs import LogFormat

FAILED = 1
INTERRUPTED = 130
FASTEST_RATE = 1000.0
_SETTINGS = ("host", "port", "db", "hold_seconds", "log_format", "workers")


def main(arguments: Sequence[str]) -> int:
    """Run one command.

    Returns:
        The exit code: 0, 1 when it failed, 2 when it was not understood, 130 when it was interrupted.
    """
    typed = parser().parse_args(arguments)
    try:
        code = _run(typed, _settings(typed))
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python's own last flush fails once more
        sys.stderr.write("cc-server: what it wrote was not read to its end\n")
        return FAILED
    except ConfigError as error:
        sys.stderr.write(f"cc-server: {error}\n")
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def _settings(typed: argparse.Namespace) -> ServerSettings:
    """What was typed, the environment and the file, as settings."""
    flags = {name: getattr(typed, name, None) for name in _SETTINGS}
    return load_settings(typed.config, os.environ, flags)


def _run(typed: argparse.Namespace, settings: ServerSettings) -> int:
    """Import what the command needs, and run it."""
    match typed.command:
        case "run":
            from cc_server.cli.serve import run

            return run(settings)
        case "simulate":
            return _run_simulation(typed, settings)
        case "keys":
            return _run_keys(typed, settings)
        case "audit":
            return _run_audit(typed, settings)
        case "policy":
            return _run_policy(typed, settings)
        case _:
            return _run_once(typed, settings)


def _run_simulation(typed: argparse.Namespace, settings: ServerSettings) -> int:
    from cc_server.cli.simulate import Demand, simulate

    return simulate(
        settings,
        Demand(
            seed=typed.seed,
            rate=typed.rate,
            approvals=typed.approvals,
            ready_fd=typed.ready_fd,
            stop_on_stdin_eof=typed.stop_on_stdin_eof,
            remove_dir=typed.remove_dir,
        ),
    )


def _run_once(typed: argparse.Namespace, settings: ServerSettings) -> int:
    """What makes, copies or fills a database."""
    from cc_server.cli import backup, keys

    match typed.command:
        case "init":
            return keys.init(settings, typed.name)
        case "backup":
            return backup.backup(settings, typed.to)
        case "restored":
            return backup.restored(settings)
        case _:
            if typed.verb == "list":
                return keys.show_clients(settings)
            return keys.add_client(settings, typed.name, typed.plan, typed.monthly_usd, force=typed.force)


def _run_keys(typed: argparse.Namespace, settings: ServerSettings) -> int:
    from cc_server.cli import keys

    match typed.verb:
        case "create":
            return keys.create(settings, typed.name, typed.role, typed.client)
        case "revoke":
            return keys.revoke(settings, typed.name)
        case _:
            return keys.show(settings)


def _run_audit(typed: argparse.Namespace, settings: ServerSettings) -> int:
    from cc_server.cli import audit

    match typed.verb:
        case "verify":
            return audit.verify(settings)
        case "export":
            return audit.export(settings, typed.after)
        case _:
            return audit.new_key(settings)


def _run_policy(typed: argparse.Namespace, settings: ServerSettings) -> int:
    from cc_server.cli import policy

    match typed.verb:
        case "check":
            return policy.check(typed.file)
        case "use":
            return policy.use(settings, typed.file)
        case _:
            return policy.show(settings, typed.file)


def parser() -> argparse.ArgumentParser:
    """What may be typed."""
    whole = argparse.ArgumentParser(
        prog="cc-server",
        description="The Command Center's server: agents draft, people decide, what was decided leaves.",
    )
    whole.add_argument("--version", action="version", version=f"cc-server {version('command-center')}")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")

    store = argparse.ArgumentParser(add_help=False)
    store.add_argument("--db", metavar="FILE|URL", help="a file, or postgresql://… (default: command-center.db)")
    store.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML; flags and CC_SERVER_* beat it")
    listen = argparse.ArgumentParser(add_help=False)
    listen.add_argument("--host", help="the address to listen on (default: 127.0.0.1)")
    listen.add_argument("--port", type=_whole(0, 65_535), help="the port to listen on; 0: any that is free")
    listen.add_argument("--hold-seconds", type=_whole(0, 86_400), metavar="N", help="undo window before sending")

    listen.add_argument(
        "--log-format", choices=[form.value for form in LogFormat], help="how lines are written to stderr"
    )

    init = commands.add_parser("init", parents=[store], help="create the database and print an admin key, once")
    init.add_argument("--name", default="admin", help="the key's name: decisions are recorded under it")
    _add_keys(commands.add_parser("keys", help="make, list and revoke keys"), store)
    _add_audit(commands.add_parser("audit", help="verify and export the audit trail"), store)
    _add_clients(commands.add_parser("clients", help="add and list clients"), store)
    _add_policy(commands.add_parser("policy", help="check, show and put in force what is safe to send"), store)
    backup = commands.add_parser("backup", parents=[store], help="copy a SQLite database while a server uses it")
    backup.add_argument("--to", type=Path, metavar="FILE", required=True, help="where to; must not exist yet")
    commands.add_parser("restored", parents=[store], help="say that an older copy of the database was put back")
    run = commands.add_parser("run", parents=[store, listen], help="serve")
    run.add_argument("--workers", type=_whole(1, MOST_WORKERS), metavar="N", help="server processes (PostgreSQL only)")
    _add_simulation(commands.add_parser("simulate", parents=[store, listen], help="serve a simulated business"))
    return whole


def _add_keys(keys: argparse.ArgumentParser, store: argparse.ArgumentParser) -> None:
    verbs = keys.add_subparsers(dest="verb", required=True, metavar="VERB")
    create = verbs.add_parser("create", parents=[store], help="make a key and print it, once")
    create.add_argument("name", help="whose it is: decisions are recorded under this name")
    create.add_argument(
        "--role", choices=[role.value for role in Role], default="operator", help="what it may do (default: operator)"
    )
    create.add_argument("--client", action="append", metavar="ID", help="bind it to this client; may be repeated")

    verbs.add_parser("list", parents=[store], help="list all keys, revoked ones too")
    revoke = verbs.add_parser("revoke", parents=[store], help="end a key for good; its streams are closed at once")
    revoke.add_argument("name", help="the name of the key")


def _add_audit(audit: argparse.ArgumentParser, store: argparse.ArgumentParser) -> None:
    verbs = audit.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser(
        "verify", parents=[store], help="tell altered, missing and cut-off rows; exits with 3 where there are any"
    )
    export = verbs.add_parser("export", parents=[store], help="write the trail to stdout, one JSON object a line")
    export.add_argument("--after", type=_whole(0, 2**62), default=0, metavar="SEQ", help="only rows behind this one")
    verbs.add_parser("new-key", parents=[store], help="seal with a new key from now on; stop the server first")


def _add_policy(policy: argparse.ArgumentParser, store: argparse.ArgumentParser) -> None:
    verbs = policy.add_subparsers(dest="verb", required=True, metavar="VERB")
    check = verbs.add_parser("check", parents=[store], help="say whether a file holds a policy, and what is wrong")
    check.add_argument("file", type=Path, metavar="FILE", help="a policy in TOML")
    show = verbs.add_parser("show", parents=[store], help="print a policy with what each line means")
    show.add_argument("file", type=Path, metavar="FILE", nargs="?", help="a policy in TOML (default: that in force)")
    use = verbs.add_parser("use", parents=[store], help="put a policy in force")
    use.add_argument("file", type=Path, metavar="FILE", help="a policy in TOML")


def _add_clients(clients: argparse.ArgumentParser, store: argparse.ArgumentParser) -> None:
    verbs = clients.add_subparsers(dest="verb", required=True, metavar="VERB")
    add = verbs.add_parser("add", parents=[store], help="add a client of the business and print its id")
    add.add_argument("name", help="the client's name")
    add.add_argument("--plan", default="Standard", help="what was agreed, in a word")
    add.add_argument("--monthly-usd", type=_whole(0, 10_000_000), default=0, metavar="N", help="what it pays a month")
    add.add_argument("--force", action="store_true", help="also where a client of that name is there already")
    verbs.add_parser("list", parents=[store], help="list all clients with their ids")


def _add_simulation(simulate: argparse.ArgumentParser) -> None:
    simulate.add_argument("--seed", type=int, default=1, help="the same seed gives the same business")
    simulate.add_argument("--rate", type=_rate, default=1.0, help="how fast things happen; 0: nothing does")
    simulate.add_argument("--approvals", type=_whole(0, 1_000_000), default=12, metavar="N", help="pending at start")
    simulate.add_argument("--ready-fd", type=_whole(0, 1_048_576), metavar="FD", help="write url, key and pid here")
    simulate.add_argument("--stop-on-stdin-eof", action="store_true", help="stop when stdin ends")
    simulate.add_argument(
        "--remove-dir", type=Path, metavar="DIR", help="at the end REMOVE this folder with all in it, --db too"
    )


def _whole(low: int, high: int) -> Callable[[str], int]:
    """Reads a whole number within bounds."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text[:12]) <= high):
            raise argparse.ArgumentTypeError(f"expected a whole number from {low} to {high}, not {text[:40]!r}")
        return int(text)

    return read


def _rate(text: str) -> float:
    """Reads how fast things happen."""
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0.0 <= rate <= FASTEST_RATE:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to {FASTEST_RATE:g}, not {text[:40]!r}")
    return rate
