"""The app's own options, read without typer: it costs a third of the time to the first paint.

Typer declares the same options for `--help` (`program.py`); a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

VALUED = {
    "--config": "config",
    "--profile": "profile",
    "--tab": "tab",
    "--client": "client",
    "--theme": "theme",
    "--url": "url",
    "--api-key": "api_key",
    "--key-file": "key_file",
}
SWITCHES = {"--read-only": "read_only", "--ascii": "ascii", "--low-bandwidth": "low_bandwidth"}


@dataclass(slots=True)
class AppOptions:
    """What the command line gave; `flags` by the setting's name."""

    config: str | None = None
    profile: str | None = None
    flags: dict[str, object] = field(default_factory=dict)

    def take(self, name: str, value: object) -> None:
        """Keep one option's value."""
        if name == "config":
            self.config = str(value)
        elif name == "profile":
            self.profile = str(value)
        else:
            self.flags[name] = value


def read_app_options(arguments: Sequence[str]) -> AppOptions | None:
    """The options, when there is nothing else; None when typer has to look (commands, help, mistakes)."""
    options = AppOptions()
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if word in SWITCHES:
            options.take(SWITCHES[word], True)
        elif name in VALUED and equals:
            options.take(VALUED[name], value)
        elif word in VALUED and rest and not rest[0].startswith("--"):
            options.take(VALUED[word], rest.pop(0))
        else:
            return None
    return options
