"""What a shell gets to see: exit codes and sentences."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cc_tui.cli import VERSION, demo_command, launch
from cc_tui.cli import program as commands
from cc_tui.cli.demo_command import NEEDS_SERVER, run_demo
from cc_tui.cli.options import SWITCHES, VALUED
from cc_tui.config.model import config_file
from cc_tui.demo import DemoSettings
from rig.pty_app import CC_TUI, home_env
from tests.support.patience import PATIENCE_SECONDS

SECRET = "cc_live_0123456789abcdef"


def run(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`cc-tui` with its output in a pipe."""
    return subprocess.run(
        [CC_TUI, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        timeout=PATIENCE_SECONDS, env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **home_env(home), **environment},
    )  # fmt: skip


def invoke(*arguments: str, **environment: str) -> Result:
    """The program in this process."""
    return CliRunner().invoke(commands.program, arguments, env={**environment}, prog_name="cc-tui")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, for this process too."""
    for name, value in home_env(tmp_path / "home").items():
        monkeypatch.setenv(name, value)
    return tmp_path / "home"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


# Without a terminal, with mistakes


def test_without_a_terminal_it_says_how_to_get_one(tmp_path: Path) -> None:
    for arguments in ([], ["--tab", "agents"], ["demo"]):
        done = run(tmp_path, *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"cc-tui: {launch.NO_TERMINAL.format(name='stdin')}\n"


def test_with_its_output_in_a_file_it_draws_nothing_into_it(tmp_path: Path) -> None:
    ours, its = os.openpty()
    with (tmp_path / "out").open("wb") as out:
        done = subprocess.run(
            [CC_TUI], stdin=its, stdout=out, stderr=subprocess.PIPE, text=True, check=False, timeout=PATIENCE_SECONDS,
            env={"PATH": "/usr/bin:/bin", "TERM": "xterm", **home_env(tmp_path / "home")},
        )  # fmt: skip
    os.close(ours)
    os.close(its)
    assert done.returncode == 2
    assert done.stderr == f"cc-tui: {launch.NO_TERMINAL.format(name='stdout')}\n"
    assert (tmp_path / "out").read_bytes() == b""


def test_a_wrong_config_is_said_with_its_place(tmp_path: Path, file: Path) -> None:
    file.write_text("\ntab = 'aprovals'\n")
    done = run(tmp_path, "--config", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"cc-tui: {file}, line 2: tab is one of")
    assert "did you mean 'approvals'?" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_wrong_environment_is_said_with_its_variable(tmp_path: Path) -> None:
    done = run(tmp_path, CC_TUI_THEME="purple")
    assert done.returncode == 2
    assert "CC_TUI_THEME is one of auto" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--taab", "agents"], "--taab"),
        (["--tab"], "--tab"),
        (["--ascii=yes"], "--ascii"),
        (["dmeo"], "dmeo"),
        (["--tab", "agents", "surplus"], "surplus"),
        (["config", "nonsense"], "nonsense"),
        (["demo", "--approvals", "-1"], "--approvals"),
        (["demo", "--approvals", "100001"], "--approvals"),
        (["demo", "--approvals", "many"], "--approvals"),
        (["demo", "--rate", "-0.1"], "--rate"),
        (["demo", "--rate", "1001"], "--rate"),
        (["demo", "--seed", "x"], "--seed"),
        (["demo", "--port", "1"], "--port"),
    ],
)
def test_what_is_not_understood_is_named_with_code_2(arguments: list[str], told: str) -> None:
    done = invoke(*arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_flag_is_answered_by_a_process_too(tmp_path: Path) -> None:
    done = run(tmp_path, "--taab", "agents")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--taab" in done.stderr
    assert "--tab" in done.stderr.replace("--taab", ""), "the nearest one is offered"


def test_an_api_key_on_a_wrong_command_line_is_not_shown(tmp_path: Path) -> None:
    done = run(tmp_path, "--api-key", SECRET, "--theme", "purple")
    assert done.returncode == 2
    assert SECRET not in done.stdout + done.stderr


def test_the_version_is_one_line(tmp_path: Path) -> None:
    done = run(tmp_path, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"cc-tui {VERSION}\n", "")
    assert invoke("--version").stdout == done.stdout, "typer says the same"
    assert invoke("--tab", "agents", "--version").stdout == done.stdout


def test_help_tells_every_option_and_command() -> None:
    done = invoke("--help")
    assert done.exit_code == 0
    assert set(re.findall(r"--[a-z-]+", done.stdout)) >= {*VALUED, *SWITCHES, "--version"}
    assert {"demo", "config"} <= set(re.findall(r"^ {2}(\w+)", done.stdout, re.MULTILINE))


# config


@pytest.mark.usefixtures("home")
def test_config_path_tells_where_it_is_looked_for(home: Path) -> None:
    assert invoke("config", "path").stdout == f"{home}/config/command-center/config.toml\n"


@pytest.mark.usefixtures("home")
def test_config_show_tells_values_and_origins_and_no_key(file: Path) -> None:
    own = "low_bandwidth = true\n[guard]\nhold_ms = 300\n[keys]\n'app.refresh' = ['ctrl+r', 'f5']\n"
    file.write_text(f"url = 'http://h'\napi_key = '{SECRET}'\n{own}")
    file.chmod(0o600)
    done = invoke("config", "show", "--config", str(file), "--origin", CC_TUI_TAB="agents")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert f"url = http://h   # {file}" in lines
    assert f"api_key = set   # {file}" in lines
    assert "tab = agents   # environment" in lines
    assert "theme = auto   # default" in lines
    assert f"low_bandwidth = true   # {file}" in lines
    assert "ascii = false   # default" in lines
    assert f"guard.hold_ms = 300   # {file}" in lines
    assert "guard.link_ms = 400   # low_bandwidth" in lines
    assert f"keys.app.refresh = ctrl+r f5   # {file}" in lines
    assert SECRET not in done.output


@pytest.mark.usefixtures("home")
def test_config_validate_says_where_a_file_is_looked_for_that_is_not_there() -> None:
    done = invoke("config", "validate")
    assert done.exit_code == 0
    assert done.stdout == f"there is no {config_file()}, and nothing wrong in the environment\n"


@pytest.mark.usefixtures("home")
def test_config_validate_says_yes_or_what_is_wrong(file: Path) -> None:
    file.write_text("theme = 'dark'\n")
    good = invoke("config", "validate", "--config", str(file))
    assert (good.exit_code, good.stdout) == (0, "the config is right\n")
    file.write_text("theme = 'drak'\n")
    bad = invoke("config", "validate", "--config", str(file))
    assert (bad.exit_code, bad.stdout) == (2, "")
    assert f"{file}, line 1: theme is one of" in bad.stderr
    file.write_text("[keys]\nno_such_action = 'a'\n")
    assert invoke("config", "validate", "--config", str(file)).exit_code == 2


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("verb", ["show", "validate"])
def test_a_config_that_is_not_there_is_said(verb: str, tmp_path: Path) -> None:
    done = invoke("config", verb, "--config", str(tmp_path / "none.toml"))
    assert (done.exit_code, done.stderr) == (2, f"cc-tui: there is no config file {tmp_path}/none.toml\n")


@pytest.mark.parametrize("verb", ["show", "validate"])
def test_a_home_sign_in_a_path_is_a_home_everywhere(verb: str, home: Path) -> None:
    (home / "mine.toml").write_text("theme = 'dark'\n")
    assert invoke("config", verb, "--config=~/mine.toml").exit_code == 0


# demo


def test_the_demos_flags_are_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[DemoSettings, dict[str, object]]] = []

    def demo(settings: DemoSettings, flags: dict[str, object]) -> int:
        started.append((settings, flags))
        return 3

    monkeypatch.setattr(launch, "missing_terminal", lambda: None)
    monkeypatch.setattr(demo_command, "run_demo", demo)
    assert invoke("demo").exit_code == 3, "the app's code is the command's"
    options = ["--approvals=5", "--rate=0.5", "--seed=9", "--keep=/k", "--theme=dark", "--ascii", "--low-bandwidth"]
    invoke("demo", *options)
    assert started == [
        (DemoSettings(12, 1.0, 7, None), {"theme": "auto", "ascii": False, "low_bandwidth": False}),
        (DemoSettings(5, 0.5, 9, Path("/k")), {"theme": "dark", "ascii": True, "low_bandwidth": True}),
    ]


def test_without_the_servers_part_the_demo_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo_command, "find_spec", lambda _name: None)
    assert run_demo(DemoSettings(), {}) == 1
    assert capsys.readouterr().err == f"cc-tui: {NEEDS_SERVER}\n"


def test_a_folder_that_cant_be_made_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("cc_tui.cli.demo_command.missing_terminal", lambda: None)
    (tmp_path / "a file").touch()
    assert run_demo(DemoSettings(keep=tmp_path / "a file"), {}) == 1
    assert "cc-tui: the demo's folder can't be made: " in capsys.readouterr().err


def test_a_wrong_theme_of_a_demo_is_a_mistake_of_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class NoServer:
        def __init__(self, _settings: DemoSettings) -> None:
            self.folder = tmp_path

        def close(self) -> None: ...

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(demo_command, "Demo", NoServer)
    assert run_demo(DemoSettings(), {"theme": "purple"}) == 2
