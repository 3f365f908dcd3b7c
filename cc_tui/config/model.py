"""Every setting of the app, with its meaning, bounds and default. Plain dataclasses: cheap before the first paint."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

PREFIX = "CC_TUI_"
"""What the names of the variables in the environment begin with."""
TABS = ("dashboard", "agents", "approvals")
THEMES = ("auto", "dark", "light", "16", "16-light", "mono")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name in the file, its type, what it is for, and what it may be."""

    name: str
    kind: type
    meaning: str
    default: object
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None


SETTINGS: tuple[Setting, ...] = (
    Setting("url", str, "the server's address", ""),
    Setting("api_key", str, "the key; better in the environment, or by key_file or key_command", ""),
    Setting("key_file", str, "a file that holds the key and nothing else, readable by you alone", ""),
    Setting("key_command", str, "a command that prints the key, for example: pass show command-center", ""),
    Setting("client", str, "the id of the one client to show; empty: all that the key may see", ""),
    Setting("tab", str, "the tab to start on", "approvals", TABS),
    Setting("theme", str, "colours; auto asks the terminal", "auto", THEMES),
    Setting("ascii", bool, "no signs outside ASCII", False),
    Setting("low_bandwidth", bool, "fewer frames, for slow links", False),
    Setting("read_only", bool, "look, and change nothing", False),
    Setting("poll_seconds", float, "seconds between polls while there is no stream", 5.0, least=1, most=60),
    Setting("deliver_within_minutes", float, "older decisions are sent only on your word", 15.0, least=0, most=1440),
    Setting("journal_dir", str, "where undelivered decisions are kept", ""),
    Setting("log_file", str, "where the app writes its log", ""),
)
GUARD_SETTINGS: tuple[Setting, ...] = (
    Setting("hold_ms", int, "how long a draft must have been on screen", 250, least=150, most=5_000),
    Setting("repeat_ms", int, "a key pressed again within this counts as held", 700, least=300, most=5_000),
    Setting("link_ms", int, "added where tmux answers for a link behind it", 0, least=0, most=5_000),
)


@dataclass(frozen=True, slots=True)
class GuardConfig:
    """The keystroke guard's times, in milliseconds."""

    hold_ms: int = 250
    repeat_ms: int = 700
    link_ms: int = 0


@dataclass(frozen=True, slots=True)
class Config:
    """All settings, read and checked. The key is not shown by `repr`."""

    url: str = ""
    api_key: str = field(default="", repr=False)
    key_file: str = ""
    key_command: str = field(default="", repr=False)
    client: str = ""
    tab: str = "approvals"
    theme: str = "auto"
    ascii: bool = False
    low_bandwidth: bool = False
    read_only: bool = False
    poll_seconds: float = 5.0
    deliver_within_minutes: float = 15.0
    journal_dir: str = ""
    log_file: str = ""
    guard: GuardConfig = GuardConfig()
    keys: dict[str, list[str]] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict, compare=False)
    """Which source each value came from, by name; what is not named is the default."""

    def place_of(self, name: str) -> str:
        """Where a setting was set, as a person finds it: the flag, the variable, or the file."""
        match self.origins.get(name):
            case "flag":
                return f"the flag --{name.replace('_', '-')}"
            case "environment":
                return f"the environment's {PREFIX}{name.upper()}"
            case None:
                return "the default"
            case file:
                return file

    @property
    def key_place(self) -> str:
        """Which setting the key comes from and where that was set; empty where it was typed into the app."""
        sources = ("api_key", "key_file", "key_command")
        named = [name for name in sources if name in self.origins and getattr(self, name)]
        return f"{named[0]}, {self.place_of(named[0])}" if named else ""

    @property
    def journal_path(self) -> Path:
        """The folder of the journals."""
        return Path(self.journal_dir).expanduser() if self.journal_dir else state_dir() / "journal"

    @property
    def log_path(self) -> Path:
        """The log's file."""
        return Path(self.log_file).expanduser() if self.log_file else state_dir() / "cc-tui.log"


def state_dir() -> Path:
    """Where the app keeps what must survive a restart (XDG_STATE_HOME)."""
    from platformdirs import user_state_path

    return user_state_path("command-center", appauthor=False)


def config_file() -> Path:
    """Where the config is looked for (XDG_CONFIG_HOME)."""
    from platformdirs import user_config_path

    return user_config_path("command-center", appauthor=False) / "config.toml"
