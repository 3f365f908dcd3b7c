"""The command line's program: commands, help and mistakes. Bodies import what they need when they run."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cc_tui.cli import VERSION
from cc_tui.cli.launch import USAGE, complain, launch_app
from cc_tui.cli.options import AppOptions

program = typer.Typer(
    rich_markup_mode=None, no_args_is_help=False, pretty_exceptions_enable=False, add_completion=True,
    help="The command center: approve what your agents want to send, watch them, see the money.",
)  # fmt: skip
config_program = typer.Typer(rich_markup_mode=None, help="Where the config is, what is in force, whether it is right.")
program.add_typer(config_program, name="config")

Text = str | None


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"cc-tui {VERSION}\n")
        raise typer.Exit


@program.callback(invoke_without_command=True)
def app(
    context: typer.Context,
    config: Annotated[Text, typer.Option(help="A config file.")] = None,
    profile: Annotated[Text, typer.Option(help="A profile of the config.")] = None,
    tab: Annotated[Text, typer.Option(help="The tab to start on: dashboard, agents, approvals.")] = None,
    client: Annotated[Text, typer.Option(help="Show one client: its id.")] = None,
    theme: Annotated[Text, typer.Option(help="auto, dark, light, 16, 16-light, mono.")] = None,
    url: Annotated[Text, typer.Option(help="The server's address.")] = None,
    api_key: Annotated[Text, typer.Option(help="The key. Others here can see it; better --key-file.")] = None,
    key_file: Annotated[Text, typer.Option(help="A file that holds the key.")] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Look, and change nothing.")] = False,
    ascii: Annotated[bool, typer.Option("--ascii", help="No signs outside ASCII.")] = False,  # noqa: A002
    low_bandwidth: Annotated[bool, typer.Option("--low-bandwidth", help="Fewer frames, for slow links.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="The version.")] = False,
) -> None:
    """Start the app, when no command is named."""
    del version
    context.obj = AppOptions(config, profile)
    if context.invoked_subcommand is not None:
        return
    options = AppOptions(config, profile)
    given = {"tab": tab, "client": client, "theme": theme, "url": url, "api_key": api_key, "key_file": key_file}
    options.flags = {name: value for name, value in given.items() if value is not None}
    switches = {"read_only": read_only, "ascii": ascii, "low_bandwidth": low_bandwidth}
    options.flags |= {name: True for name, on in switches.items() if on}
    raise typer.Exit(launch_app(options))


@program.command()
def demo(
    approvals: Annotated[int, typer.Option(min=0, max=100_000, help="Drafts that wait at the start.")] = 12,
    rate: Annotated[float, typer.Option(min=0.0, max=1_000.0, help="How lively: 1 is usual, 0 stands still.")] = 1.0,
    keep: Annotated[Path | None, typer.Option(help="Use this folder, and keep it.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed is another business.")] = 7,
    theme: Annotated[str, typer.Option(help="auto, dark, light, 16, 16-light, mono.")] = "auto",
    ascii: Annotated[bool, typer.Option("--ascii", help="No signs outside ASCII.")] = False,  # noqa: A002
    low_bandwidth: Annotated[bool, typer.Option("--low-bandwidth", help="Fewer frames, for slow links.")] = False,
) -> None:
    """A server of its own with a living business, and the app; nothing leaves this machine."""
    from cc_tui.cli.launch import missing_terminal

    missing = missing_terminal()
    if missing is not None:
        raise typer.Exit(complain(missing, USAGE))
    from cc_tui.cli.demo_command import run_demo
    from cc_tui.demo import DemoSettings

    settings = DemoSettings(approvals, rate, seed, keep)
    flags = {"theme": theme, "ascii": ascii, "low_bandwidth": low_bandwidth}
    raise typer.Exit(run_demo(settings, flags))


@config_program.command("path")
def config_path() -> None:
    """Where the config is looked for."""
    from cc_tui.config.model import config_file

    sys.stdout.write(f"{config_file()}\n")


def _named(context: typer.Context, config: str | None, profile: str | None) -> tuple[Path | None, str | None]:
    """The config file and the profile, wherever on the line they were named."""
    before = context.obj if isinstance(context.obj, AppOptions) else AppOptions()
    file = config or before.config
    return Path(file).expanduser() if file else None, profile or before.profile


@config_program.command("show")
def config_show(
    context: typer.Context,
    config: Annotated[Text, typer.Option(help="A config file.")] = None,
    profile: Annotated[Text, typer.Option(help="A profile of the config.")] = None,
    origin: Annotated[bool, typer.Option("--origin", help="Tell where each value comes from.")] = False,
) -> None:
    """What is in force; a key is never shown."""
    from dataclasses import asdict

    from cc_tui.config.load import ConfigMistake, load_config
    from cc_tui.config.model import SETTINGS

    try:
        told = load_config(*_named(context, config, profile), {}, os.environ)
    except ConfigMistake as mistake:
        raise typer.Exit(complain(str(mistake), USAGE)) from None
    values: dict[str, object] = {setting.name: getattr(told, setting.name) for setting in SETTINGS}
    values["api_key"] = "set" if told.api_key else ""
    values |= {f"guard.{name}": ms for name, ms in asdict(told.guard).items()}
    values |= {f"keys.{action}": " ".join(keys) for action, keys in told.keys.items()}
    for name, value in values.items():
        source = f"   # {told.origins.get(name, 'default')}" if origin else ""
        told_value = str(value).lower() if isinstance(value, bool) else value
        sys.stdout.write(f"{name} = {told_value}{source}\n")


@config_program.command("validate")
def config_validate(
    context: typer.Context,
    config: Annotated[Text, typer.Option(help="A config file.")] = None,
    profile: Annotated[Text, typer.Option(help="A profile of the config.")] = None,
) -> None:
    """Whether the config can be used."""
    from cc_tui.actions.keymap import KeyClash, Keymap
    from cc_tui.config.load import ConfigMistake, load_config
    from cc_tui.config.model import config_file

    named = _named(context, config, profile)
    try:
        told = load_config(*named, {}, os.environ)
        Keymap(told.keys)
    except (ConfigMistake, KeyClash) as mistake:
        raise typer.Exit(complain(str(mistake), USAGE)) from None
    if named[0] is None and not config_file().exists():
        sys.stdout.write(f"there is no {config_file()}, and nothing wrong in the environment\n")
        return
    sys.stdout.write("the config is right\n")
