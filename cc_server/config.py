"""What an installation is set to: from flags, `CC_SERVER_*`, a TOML file and defaults, in this order.

Every mistake is told with the file, the line, the key and the right key nearest to it. Secrets never show in a repr.
Knows files and the environment; starts nothing.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cc_server import expected
from cc_server.db.postgres.url import PostgresUrl
from cc_server.logs import LogFormat, LogLevel
from cc_server.sealing.keys import default_key_file

ENVIRONMENT_PREFIX = "CC_SERVER_"
DEFAULT_PORT = 8787
MOST_WORKERS = 64
LONGEST_HOLD_SECONDS = 86_400
MOST_NESTED = 50
_TOO_DEEP = "its tables or lists are nested too deeply; no setting has more than two levels"


class ConfigError(Exception):
    """A setting can't be used; the message says which, where it stands and what would be right."""


class ProviderName(StrEnum):
    """By which way mails leave."""

    FILE = "file"
    SMTP = "smtp"


class SmtpSecurity(StrEnum):
    """How the connection to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """The mail server for the provider `smtp`."""

    host: str = ""
    port: int = 587
    security: SmtpSecurity = SmtpSecurity.STARTTLS
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    sender: str = ""
    timeout_seconds: float = 8.0
    """Of each step; all of them together must end within the sender's 30 s."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """All that the server takes from outside."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    workers: int = 1
    """Server processes behind the port; more than one on PostgreSQL only."""
    db: Path | PostgresUrl = Path("command-center.db")
    hold_seconds: int | None = None
    """Given: what the installation's `approvals.hold_seconds` is set to at the start."""
    rate_limit: int = 100
    default_client: str | None = None
    provider: ProviderName = ProviderName.FILE
    outbox_dir: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = field(default=None, repr=False)
    audit_key_file: Path | None = None
    audit_anchor_file: Path | None = None
    metrics: bool = False
    log_format: LogFormat = LogFormat.TEXT
    log_level: LogLevel = LogLevel.INFO
    smtp: SmtpSettings = field(default_factory=SmtpSettings)

    @property
    def audit_key(self) -> Path:
        """What seals the audit trail: by default beside the database file, or in the working directory."""
        return self.audit_key_file or default_key_file(self.db if isinstance(self.db, Path) else None)

    @property
    def audit_anchor(self) -> Path:
        """Where the audit trail's end is anchored: by default beside its key, which several databases may share."""
        if self.audit_anchor_file is not None:
            return self.audit_anchor_file
        if isinstance(self.db, Path):
            return self.audit_key.with_name(self.audit_key.name.removesuffix("-key") + "-anchor")
        return self.audit_key.with_name(f"{self.db.database}.audit-anchor")

    @property
    def outbox(self) -> Path:
        """Where the provider `file` puts what it is given.

        By default `outbox/` beside the file; for PostgreSQL a folder in this folder's `outbox/`, named as the database,
        so that mails of several databases never mix.
        """
        if self.outbox_dir is not None:
            return self.outbox_dir
        if isinstance(self.db, Path):
            return self.db.absolute().parent / "outbox"
        return Path.cwd() / "outbox" / self.db.database


def load_settings(
    file: Path | None, environment: Mapping[str, str], flags: Mapping[str, object | None]
) -> ServerSettings:
    """Put the settings together: a flag beats the environment, which beats the file.

    Args:
        file: a TOML file, or None for none.
        environment: where `CC_SERVER_*` is looked up.
        flags: what the command line gave, by key; None stands for not given.

    Raises:
        ConfigError: a key that does not exist, or a value that can't be used.
    """
    values = _from_file(file) if file else {}
    values |= _from_environment(environment)
    values |= {key: _converted(key, value, "") for key, value in flags.items() if value is not None}
    for_smtp: dict[str, Any] = {key[5:]: value for key, value in values.items() if key.startswith("smtp.")}
    others: dict[str, Any] = {key: value for key, value in values.items() if not key.startswith("smtp.")}
    settings = ServerSettings(**others, smtp=SmtpSettings(**for_smtp))
    _check_together(settings)
    return settings


def _check_together(settings: ServerSettings) -> None:
    """Refuse settings that make no sense beside each other."""
    if settings.provider is ProviderName.SMTP and not (settings.smtp.host and settings.smtp.sender):
        missing = "smtp.host" if not settings.smtp.host else "smtp.sender"
        raise ConfigError(f'provider = "smtp" needs {missing}: set it in the file or as {variable_of(missing)}')
    smtp = settings.smtp
    if smtp.security is SmtpSecurity.NONE and smtp.username is not None and not _is_this_machine(smtp.host):
        raise ConfigError(
            f'smtp.security = "none" would send the password to {smtp.host} in clear: say "starttls" or "tls", '
            "or leave smtp.username out"
        )
    if settings.workers > 1 and isinstance(settings.db, Path):
        raise ConfigError(
            f"workers: a SQLite file has one server process; for {settings.workers} of them name a PostgreSQL database"
        )
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise ConfigError("tls_cert and tls_key belong together: set both, or neither")


def _is_this_machine(host: str) -> bool:
    """Whether what is sent there leaves no wire."""
    try:
        return host.lower() == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: how its text becomes a value, what it means, and what its default is in words."""

    convert: Callable[[object], object]
    meaning: str
    default: str


SETTINGS: dict[str, Setting] = {
    "host": Setting(expected.text, "the address to listen on", "127.0.0.1"),
    "port": Setting(expected.whole(0, 65_535), "the port to listen on; 0: any that is free", str(DEFAULT_PORT)),
    "workers": Setting(
        expected.whole(1, MOST_WORKERS), "server processes behind the port; more than one on PostgreSQL only", "1"
    ),
    "db": Setting(expected.database, "a file, or `postgresql://user@host/database`", "`command-center.db`"),
    "hold_seconds": Setting(
        expected.whole(0, LONGEST_HOLD_SECONDS),
        "what `approvals.hold_seconds` is set to at each start: how long an approved draft waits before it leaves; "
        "from risk 40 twice, from 70 four times that",
        "as it is set (10)",
    ),
    "rate_limit": Setting(
        expected.whole(1, 1_000_000),
        "requests a second and key; an address may send wrong keys a fifth as often",
        "100",
    ),
    "default_client": Setting(expected.client_id, "the client of a call that names none", "none"),
    "provider": Setting(expected.choice(ProviderName), "by which way mails leave: `file` or `smtp`", "`file`"),
    "outbox_dir": Setting(
        expected.path, "where `file` writes", "`outbox/` beside the database; for PostgreSQL `outbox/<database>/`"
    ),
    "audit_key_file": Setting(
        expected.path,
        "the key that seals the audit trail",
        "`<db>.audit-key`; for PostgreSQL `command-center.audit-key`",
    ),
    "audit_anchor_file": Setting(
        expected.path,
        "where the end of the audit trail is anchored",
        "beside the key; for PostgreSQL as `<database>.audit-anchor`",
    ),
    "metrics": Setting(expected.yes_or_no, "whether `/metrics` answers, to anybody who reaches the port", "false"),
    "log_format": Setting(expected.choice(LogFormat), "how the log is written to stderr: `text` or `json`", "`text`"),
    "log_level": Setting(
        expected.choice(LogLevel),
        "`debug` (every request), `info` (what changes or fails), `warning`, `error`",
        "`info`",
    ),
    "tls_cert": Setting(expected.path, "a certificate (PEM); needs `tls_key`", "none"),
    "tls_key": Setting(expected.path, "its key (PEM)", "none"),
    "smtp.host": Setting(expected.text, "the mail server", "none"),
    "smtp.port": Setting(expected.whole(1, 65_535), "its port", "587"),
    "smtp.security": Setting(expected.choice(SmtpSecurity), "`starttls`, `tls` or `none`", "`starttls`"),
    "smtp.username": Setting(expected.text, "who logs in; none: nobody does", "none"),
    "smtp.password": Setting(expected.text, "with which password; better in the environment than in a file", "none"),
    "smtp.sender": Setting(
        expected.mailbox, "from whom mails are: `Name <name@domain>`; their Message-ID ends in the same domain", "none"
    ),
    "smtp.timeout_seconds": Setting(expected.whole(1, 10), "how long each step may take", "8"),
}
_SECRETS = frozenset({"db", "smtp.password"})


def variable_of(key: str) -> str:
    """The environment variable of a key."""
    return ENVIRONMENT_PREFIX + key.replace(".", "_").upper()


def nearest(word: str, words: list[str]) -> str:
    """`; did you mean …?`, or nothing when no word is near."""
    found = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return f"; did you mean {found[0]}?" if found else f"; known are {', '.join(words)}"


def _converted(key: str, value: object, where: str) -> object:
    """The value as the setting's own type.

    Raises:
        ConfigError: it can't be used.
    """
    try:
        return SETTINGS[key].convert(value)
    except ValueError as error:
        given = "" if key in _SECRETS else f", not {value!r}"[:80]
        raise ConfigError(f"{where}{key}: {error}{given}") from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    keys = {variable_of(key): key for key in SETTINGS}
    values: dict[str, object] = {}
    for name, value in environment.items():
        if not name.startswith(ENVIRONMENT_PREFIX):
            continue
        if name not in keys:
            raise ConfigError(f"the environment sets {name}, which does not exist{nearest(name, list(keys))}")
        values[keys[name]] = _converted(keys[name], value, f"the environment's {name}: ")
    return values


def _from_file(file: Path) -> dict[str, object]:
    text, tables = read_toml(file)
    values: dict[str, object] = {}
    for key, value in _flat(tables):
        where = f"{file}, line {line_of(text, key)}: "
        if key not in SETTINGS:
            raise ConfigError(f"{where}{key} is no setting{nearest(key, list(SETTINGS))}")
        values[key] = _converted(key, value, where)
    return {key: _beside(file, value) for key, value in values.items()}


def read_toml(file: Path) -> tuple[str, dict[str, Any]]:
    """A file's text, and what it says.

    Raises:
        ConfigError: it can't be read, or is no TOML that anybody would write.
    """
    try:
        text = file.read_text(encoding="utf-8")
        told = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"can't read {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file} is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: not TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{file}: {_TOO_DEEP}") from None
    level: list[Any] = [told]
    for _ in range(MOST_NESTED):
        level = [inner for one in level for inner in (one.values() if isinstance(one, dict) else one)]
        level = [inner for inner in level if isinstance(inner, (dict, list))]
    if level:
        raise ConfigError(f"{file}: {_TOO_DEEP}")
    return text, told


def _beside(file: Path, value: object) -> object:
    """A relative path in a file means: beside that file."""
    return file.absolute().parent / value if isinstance(value, Path) else value


def _flat(tables: Mapping[str, object], prefix: str = "") -> list[tuple[str, object]]:
    """Every value of nested tables, by its dotted key."""
    found: list[tuple[str, object]] = []
    for name, value in tables.items():
        if isinstance(value, dict):
            found += _flat(value, f"{prefix}{name}.") or [(f"{prefix}{name}", value)]
        else:
            found.append((f"{prefix}{name}", value))
    return found


def line_of(text: str, key: str) -> int:
    """The line on which a dotted key stands; 1 when it can't be found (inline tables)."""
    table, _, name = key.rpartition(".")
    current = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]", line):
            current = header[1].replace('"', "").replace(" ", "")
            if current == key:
                return number
        elif assigned := re.match(r"""\s*([\w."' -]+?)\s*=""", line):
            dotted = re.sub(r"""["' ]""", "", assigned[1])
            if (current, dotted) == (table, name) or (f"{current}.{dotted}" if current else dotted) == key:
                return number
    return 1
