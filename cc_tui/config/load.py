"""Reads the config: flags over environment over file over defaults. A mistake names file, line and the nearest key."""

from __future__ import annotations

import os
import re
import shlex
import stat
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from cc_tui.config.lines import line_of
from cc_tui.config.model import GUARD_SETTINGS, PREFIX, SETTINGS, Config, GuardConfig, Setting, config_file

KEY_COMMAND_SECONDS = 30
_TABLES = {"guard", "keys", "profiles"}
_KEY_SOURCES = ("api_key", "key_file", "key_command")
_ORIGIN_RANKS = {"flag": 0, "environment": 1}
_BY_NAME = {setting.name: setting for setting in SETTINGS}
_GUARD_BY_NAME = {setting.name: setting for setting in GUARD_SETTINGS}


class ConfigMistake(Exception):
    """A config that can't be used; the message says where and what to do."""


def load_config(
    path: Path | None, profile: str | None, flags: Mapping[str, object], environment: Mapping[str, str]
) -> Config:
    """All settings.

    Args:
        path: the config file; None: the usual place, which may be missing.
        profile: the profile (`[profiles.NAME]`) whose settings go over the file's own.
        flags: what the command line gave, by setting; None is not given.
        environment: `CC_TUI_URL` and so on.

    Raises:
        ConfigMistake: something can't be used.
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    guard: dict[str, Any] = {}
    keys: dict[str, list[str]] = {}
    file = path if path is not None else config_file()
    if path is not None or file.is_file():
        values, guard, keys = _File(file, environment).read(profile)
        named = [*values, *(f"guard.{name}" for name in guard), *(f"keys.{name}" for name in keys)]
        origins = dict.fromkeys(named, str(file))
    elif profile is not None:
        raise ConfigMistake(f"there is no config file {file} to find the profile {profile!r} in")
    file_url = values.get("url")
    _go_over(values, origins, flags, environment)
    _one_key(values, origins)
    if file_url and values.get("url") != file_url:
        _keep_the_key_at_home(values, origins)
    if values.get("low_bandwidth") and "link_ms" not in guard:
        guard["link_ms"] = 400
        origins["guard.link_ms"] = "low_bandwidth"
    return Config(**values, guard=GuardConfig(**guard), keys=keys, origins=origins)


def _go_over(
    values: dict[str, Any], origins: dict[str, str], flags: Mapping[str, object], environment: Mapping[str, str]
) -> None:
    """What the environment says goes over the file, and a flag over both."""
    for setting in SETTINGS:
        given = environment.get(PREFIX + setting.name.upper())
        if given:
            values[setting.name] = _from_text(setting, given, f"the environment's {PREFIX}{setting.name.upper()}")
            origins[setting.name] = "environment"
        flag = flags.get(setting.name)
        if flag is not None:
            values[setting.name] = _checked(setting, flag, f"--{setting.name.replace('_', '-')}")
            origins[setting.name] = "flag"


def _one_key(values: dict[str, Any], origins: Mapping[str, str]) -> None:
    """Of several ways to the key the one from the highest source stands: flag, environment, file."""
    given = [name for name in _KEY_SOURCES if values.get(name)]
    if given:
        best = min(given, key=lambda name: _ORIGIN_RANKS.get(origins.get(name, ""), 2))
        for name in given:
            if _ORIGIN_RANKS.get(origins.get(name, ""), 2) > _ORIGIN_RANKS.get(origins.get(best, ""), 2):
                values[name] = ""


def _keep_the_key_at_home(values: dict[str, Any], origins: Mapping[str, str]) -> None:
    """The file's key belongs to the file's server: another address from elsewhere does not get it."""
    for name in _KEY_SOURCES:
        if origins.get(name, "") not in _ORIGIN_RANKS:
            values[name] = ""


def with_key(config: Config) -> Config:
    """The config with its key at hand, from wherever it says the key is.

    Raises:
        ConfigMistake: the key can't be had; the key itself is never shown.
    """
    if config.api_key:
        return config
    if config.key_file:
        return replace(config, api_key=_key_from_file(Path(config.key_file).expanduser()))
    if config.key_command:
        return replace(config, api_key=_key_from_command(config.key_command))
    return config


class _File:
    """One config file, with the line of each of its keys for messages."""

    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        self._path = path
        self._environment = environment
        self._text = ""

    def read(self, profile: str | None) -> tuple[dict[str, Any], dict[str, Any], dict[str, list[str]]]:
        told = self._parsed()
        top = {name: value for name, value in told.items() if name not in _TABLES}
        values = self._values(top, _BY_NAME)
        guard = self._values(self._table(told, "guard"), _GUARD_BY_NAME, "guard")
        keys = self._all_keys(self._table(told, "keys"), "keys")
        if profile is not None:
            profiles = self._table(told, "profiles")
            chosen = profiles.get(profile)
            if not isinstance(chosen, dict):
                raise ConfigMistake(
                    f"{self._path}: there is no profile {profile!r}; known: {', '.join(profiles) or 'none'}"
                )
            place = ("profiles", profile)
            own = {name: value for name, value in chosen.items() if name not in _TABLES}
            values |= self._values(own, _BY_NAME, *place)
            guard |= self._values(self._table(chosen, "guard", *place), _GUARD_BY_NAME, *place, "guard")
            keys |= self._all_keys(self._table(chosen, "keys", *place), *place, "keys")
            top |= own
        if values.get("api_key") and "${" not in str(top["api_key"]):
            self._check_private()
        return values, guard, keys

    def _values(self, told: Mapping[str, Any], known: Mapping[str, Setting], *place: str) -> dict[str, Any]:
        return {name: self._value(name, value, known, place) for name, value in told.items()}

    def _all_keys(self, told: Mapping[str, Any], *place: str) -> dict[str, list[str]]:
        return {name: self._keys(name, value, place) for name, value in told.items()}

    def _parsed(self) -> dict[str, Any]:
        try:
            self._text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise ConfigMistake(f"there is no config file {self._path}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigMistake(f"the config file {self._path} can't be read: {error}") from error
        try:
            return tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigMistake(f"{self._path}: {error}") from error
        except RecursionError:
            raise ConfigMistake(f"{self._path}: its tables or lists are nested too deeply") from None

    def _table(self, told: Mapping[str, Any], name: str, *place: str) -> dict[str, Any]:
        table = told.get(name, {})
        if not isinstance(table, dict):
            raise ConfigMistake(f"{self._where(*place, name)}: {name} is a table: [{name}]")
        return dict(table)

    def _value(self, name: str, value: object, known: Mapping[str, Setting], place: tuple[str, ...]) -> object:
        setting = known.get(name)
        if setting is None:
            near = get_close_matches(name, [*known, *_TABLES], n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            raise ConfigMistake(f"{self._where(*place, name)}: there is no setting {name!r}; {hint}")
        if isinstance(value, str):
            value = self._expanded(name, value, place)
        return _checked(setting, value, f"{self._where(*place, name)}: {name}")

    def _keys(self, name: str, value: object, place: tuple[str, ...]) -> list[str]:
        if isinstance(value, str):
            return [value]
        if isinstance(value, list) and all(isinstance(key, str) for key in value):
            return value
        raise ConfigMistake(f'{self._where(*place, name)}: {name} takes a key or a list of keys, such as ["a", "f5"]')

    def _expanded(self, name: str, value: str, place: tuple[str, ...]) -> str:
        def variable(match: re.Match[str]) -> str:
            found = self._environment.get(match[1])
            if found is None:
                raise ConfigMistake(
                    f"{self._where(*place, name)}: the environment has no {match[1]}, which {name} asks for"
                )
            return found

        return re.sub(r"\$\{(\w+)\}", variable, value)

    def _where(self, *path: str) -> str:
        line = line_of(self._text, path)
        return f"{self._path}, line {line}" if line is not None else str(self._path)

    def _check_private(self) -> None:
        if self._path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
            raise ConfigMistake(
                f"{self._path} holds a key and others can read it; chmod 600 {shlex.quote(str(self._path))}"
            )


def _from_text(setting: Setting, text: str, where: str) -> object:
    """A value of the environment, which knows only text."""
    if setting.kind is bool:
        if text.lower() in ("1", "true", "yes", "on", "0", "false", "no", "off"):
            return text.lower() in ("1", "true", "yes", "on")
        raise ConfigMistake(f"{where} is yes or no, not {text!r}")
    if setting.kind in (int, float):
        try:
            return _checked(setting, setting.kind(text), where)
        except ValueError:
            raise ConfigMistake(f"{where} is a number, not {text!r}") from None
    return _checked(setting, text, where)


def _checked(setting: Setting, value: object, where: str) -> object:
    if setting.kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, setting.kind) or (isinstance(value, bool) and setting.kind is not bool):
        word = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}[setting.kind]
        raise ConfigMistake(f"{where} is {word}, not {type(value).__name__}")
    if setting.choices and value not in setting.choices:
        near = get_close_matches(str(value), setting.choices, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ConfigMistake(f"{where} is one of {', '.join(setting.choices)}, not {value!r}{hint}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        least, most = setting.least, setting.most
        if (least is not None and not value >= least) or (most is not None and not value <= most):
            raise ConfigMistake(f"{where} is between {least:g} and {most:g}, not {value:g}")
    return value


def _key_from_file(path: Path) -> str:
    try:
        if path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
            raise ConfigMistake(f"others can read the key in {path}; chmod 600 {shlex.quote(str(path))}")
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigMistake(f"the key file {path} can't be read: {error}") from error


def _key_from_command(command: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603  (the operator's own command)
            shlex.split(command), capture_output=True, text=True, timeout=KEY_COMMAND_SECONDS, check=False,
            stdin=subprocess.DEVNULL, env=dict(os.environ),
        )  # fmt: skip
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise ConfigMistake(f"key_command did not run: {type(error).__name__}") from error
    if done.returncode != 0:
        raise ConfigMistake(f"key_command ended with {done.returncode}: {done.stderr.strip()[:200]}")
    return done.stdout.strip()
