"""Wrong address, wrong key, wrong file, no terminal, no room: one sentence each, an exit code, and no traceback."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from rig.direct_api import DirectApi
from rig.pty_app import CC_SERVER, CC_TUI, Backend, app_terminal, home_env
from rig.terminal import PATIENCE_SECONDS, Terminal, terminal_env
from tests.e2e.conftest import decide, ready
from tests.support.patience import until


def run(*argv: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=PATIENCE_SECONDS,
        env=terminal_env(home_env(home)),
    )  # fmt: skip


def one_sentence(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2, done.stderr
    for word in words:
        assert word in done.stderr


def test_without_a_terminal_the_app_says_so(home: Path) -> None:
    one_sentence(run(CC_TUI, home=home), 2, "terminal")


def test_a_config_with_a_wrong_key_names_file_line_and_the_right_key(home: Path, tmp_path: Path) -> None:
    config = tmp_path / "cc.toml"
    config.write_text('url = "http://127.0.0.1:1"\nthem = "dark"\n')
    with app_terminal(home, "--config", str(config)) as terminal:
        assert terminal.wait_exit() == 2
        text = terminal.text()
    assert "cc.toml" in text
    assert "them" in text
    assert "theme" in text
    assert "Traceback" not in text


def test_a_wrong_key_is_refused_in_words(home: Path, backend: Backend) -> None:
    wrong = Backend(backend.url, "cc_wrong", backend.pid)
    with app_terminal(home, "--tab", "approvals", backend=wrong) as terminal:
        terminal.wait_for(r"Refused|refused")
        assert "cc_wrong" not in terminal.text()
        terminal.press("q")
        assert terminal.wait_exit() == 0


def test_an_address_where_nobody_listens_is_offline_not_a_crash(home: Path) -> None:
    nobody = Backend("http://127.0.0.1:9", "cc_any", 0)
    with app_terminal(home, "--tab", "approvals", backend=nobody) as terminal:
        terminal.wait_for(r"[Oo]ffline")
        terminal.press("q")
        assert terminal.wait_exit() == 0


def test_an_address_that_is_none_is_told_in_a_sentence(home: Path) -> None:
    with app_terminal(home, "--url", "not an address", "--api-key", "k") as terminal:
        assert terminal.wait_exit() != 0
        assert "Traceback" not in terminal.text()


def test_a_terminal_of_20_by_5_says_that_it_is_too_small_and_recovers(home: Path, backend: Backend) -> None:
    with app_terminal(home, "--tab", "approvals", backend=backend, cols=20, rows=5) as terminal:
        terminal.wait_for(r"too small")
        terminal.resize(120, 40)
        ready(terminal)


def test_a_port_that_is_taken(tmp_path: Path, home: Path) -> None:
    db = tmp_path / "x.db"
    assert run(CC_SERVER, "init", f"--db={db}", home=home).returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(CC_SERVER, "run", f"--db={db}", f"--port={port}", home=home)
    one_sentence(done, 1, str(port), "in use", "--port")


@pytest.mark.parametrize("command", [("init",), ("run", "--port=0"), ("keys", "create", "ana")])
def test_a_database_that_is_none(tmp_path: Path, home: Path, command: tuple[str, ...]) -> None:
    db = tmp_path / "x.db"
    db.write_bytes(b"this is a letter to my aunt" * 400)
    one_sentence(run(CC_SERVER, *command, f"--db={db}", home=home), 1, str(db))


def test_a_database_in_a_folder_that_is_not_there(tmp_path: Path, home: Path) -> None:
    db = tmp_path / "nowhere" / "x.db"
    one_sentence(run(CC_SERVER, "init", f"--db={db}", home=home), 1, str(db), "check that its folder exists")


def test_a_second_server_on_the_same_database(backend: Backend, tmp_path: Path, home: Path) -> None:
    del backend
    one_sentence(run(CC_SERVER, "run", f"--db={tmp_path / 'business.db'}", "--port=0", home=home), 1, "another process")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_as_it_was(home: Path, backend: Backend, number: signal.Signals) -> None:
    with app_terminal(home, "--tab", "approvals", backend=backend) as terminal:
        ready(terminal)
        terminal.signal(number)
        terminal.wait_exit()
        assert terminal.modes_left() == []


def test_suspend_gives_the_shell_back_and_fg_paints_all_of_it_anew(home: Path, backend: Backend) -> None:
    env = home_env(home) | {"CC_TUI_URL": backend.url, "CC_TUI_API_KEY": backend.api_key, "PS1": "shell> "}
    with Terminal(["bash", "--norc", "--noprofile", "-i"], env=env, cwd=home) as terminal:
        terminal.wait_for(r"shell>")
        terminal.type(f"{CC_TUI} --tab approvals\n", apart=0.0)
        ready(terminal)
        terminal.press("ctrl+z")
        terminal.wait_for(r"Stopped")
        assert "alternate screen" not in terminal.modes_left()
        terminal.type("fg\n", apart=0.0)
        ready(terminal)
        terminal.press("q")
        terminal.wait_for(r"shell>\s*$")


def test_an_app_whose_terminal_is_gone_ends(home: Path, backend: Backend) -> None:
    with app_terminal(home, "--tab", "approvals", backend=backend) as terminal:
        ready(terminal)
        terminal.hang_up()
        until(lambda: terminal.status is not None, "the end of the app")


@pytest.mark.parametrize("theme", ["16", "16-light", "mono", "light"])
def test_every_theme_starts(home: Path, backend: Backend, theme: str) -> None:
    with app_terminal(home, "--tab", "approvals", "--theme", theme, backend=backend) as terminal:
        ready(terminal)


def test_no_colour_means_no_colour(home: Path, backend: Backend) -> None:
    with app_terminal(home, "--tab", "approvals", backend=backend, env={"NO_COLOR": "1"}) as terminal:
        ready(terminal)
        assert not re.search(rb"\x1b\[[0-9;]*(3[0-8]|4[0-8]|9[0-7]|10[0-7])(;[0-9;]*)?m", terminal.output())


def test_a_line_that_was_open_closes_when_the_screen_takes_another_form_and_nothing_is_decided(
    home: Path, backend: Backend
) -> None:
    with (
        app_terminal(home, "--tab", "approvals", backend=backend) as terminal,
        DirectApi(backend) as api,
    ):
        ready(terminal)
        decide(terminal, "r", r"because of")
        for cols, rows in ((80, 24), (45, 20), (20, 5)):
            terminal.resize(cols, rows)
            terminal.wait_silent(1.0)
            terminal.press("4")
        terminal.wait_for(r"too small")
        terminal.resize(120, 40)
        ready(terminal)
        assert len(api.approvals()) == 12


def test_a_client_that_the_key_does_not_see_is_told_with_its_setting_and_what_there_is(
    home: Path, backend: Backend
) -> None:
    with app_terminal(home, "--client", "nope", backend=backend) as terminal:
        terminal.wait_for(r"no such client \(the flag --client\); ! names those there are")
        terminal.wait_for(r"client = 'nope' \(the flag --client\) is none that")
        terminal.press("!")
        terminal.wait_for(r"client = 'nope' \(the flag --client\) is none that this key sees")
