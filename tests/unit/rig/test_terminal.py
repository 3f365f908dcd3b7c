"""The terminal drives real programs in a real pty, and leaves nothing behind."""

from __future__ import annotations

import signal
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from rig.keys import encode_key
from rig.line import SLOW, Line
from rig.terminal import NotSeen, Terminal

RAW = "import os, sys, time, tty; tty.setraw(0); w = lambda s: os.write(1, s.encode()); r = lambda: os.read(0, 4096)\n"


def program(source: str) -> list[str]:
    """A Python program on a raw terminal: `w` writes text, `r` reads what was typed."""
    return [sys.executable, "-IS", "-c", RAW + textwrap.dedent(source)]


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_program_sees_a_terminal_of_the_size_it_was_given() -> None:
    with Terminal(["sh", "-c", "stty size; tty; echo $TERM"], cols=77, rows=21) as terminal:
        assert terminal.wait_exit() == 0
        assert terminal.screen()[0] == "21 77"
        assert terminal.screen()[1].startswith("/dev/pts/")
        assert terminal.screen()[2] == "xterm-256color"


def test_keys_arrive_as_a_terminal_sends_them() -> None:
    with Terminal(program("w('ready'); [w(repr(r())) for _ in range(3)]; r()")) as terminal:
        terminal.wait_for("ready")
        terminal.press("a", "down", "ctrl+q", apart=0.05)
        terminal.wait_for(r"ready.*b'a'b'\\x1b\[B'b'\\x11'")


def test_arrow_keys_follow_the_mode_that_was_asked_for() -> None:
    with Terminal(program("w('\\x1b[?1hready'); w(repr(r())); r()")) as terminal:
        terminal.wait_for("ready")
        terminal.press("up")
        terminal.wait_for(r"b'\\x1bOA'")


def test_pasted_text_is_bracketed_when_that_was_asked_for() -> None:
    with Terminal(program("w('\\x1b[?2004hready'); w(repr(r())); r()")) as terminal:
        terminal.wait_for("ready")
        terminal.paste("hello")
        terminal.wait_for(r"b'\\x1b\[200~hello\\x1b\[201~'")


def test_a_held_key_repeats_after_its_delay() -> None:
    with Terminal(program("w('ready ')\nwhile True: w(r().decode())")) as terminal:
        terminal.wait_for("ready")
        sent = terminal.hold("a", seconds=0.39, delay=0.3, per_second=30)
        terminal.wait_for("ready aaaa$")
    assert len(sent) == 4
    assert sent[1] - sent[0] >= 0.3
    assert sent[-1] - sent[0] >= 0.3 + 2 / 30


def test_the_answer_to_a_fence_names_the_place_it_asked_from() -> None:
    with Terminal(program("w('\\x1b[9;9Hx\\x1b7\\x1b[7;33H\\x1b[6n\\x1b8'); w(repr(r())); r()")) as terminal:
        terminal.wait_for(r"^ {8}xb'\\x1b\[7;33R'")


def test_a_mute_terminal_never_answers() -> None:
    source = """
        import select
        w('\\x1b[6n\\x1b[c\\x1b]11;?\\x07')
        w('mute' if not select.select([0], [], [], 0.3)[0] else 'spoke'); r()
    """
    with Terminal(program(source), mute=True) as terminal:
        terminal.wait_for("mute")


def test_on_a_slow_line_the_answer_waits_for_the_frame_before_it() -> None:
    source = """
        asked = time.monotonic(); w('x' * 5000 + '\\x1b[6n'); r()
        w(f'\\r\\n\\r\\nafter {time.monotonic() - asked:.2f} s'); r()
    """
    with Terminal(program(source), line=Line(bytes_per_second=20_000)) as terminal:
        assert float(terminal.wait_for(r"after ([\d.]+) s")[1]) > 0.24


def test_a_full_line_makes_the_program_wait() -> None:
    source = """
        began = time.monotonic()
        w('.' * 65536 * 2)
        w(f'\\r\\ntook {time.monotonic() - began:.2f} s'); r()
    """
    with Terminal(program(source), line=Line(bytes_per_second=200_000, buffer_bytes=4096)) as terminal:
        assert float(terminal.wait_for(r"took ([\d.]+) s")[1]) > 0.2


def test_a_key_takes_as_long_as_the_line_does() -> None:
    with Terminal(program("w('ready'); r(); w('got'); r()"), line=SLOW) as terminal:
        terminal.wait_for("ready")
        pressed = terminal.press("a")
        terminal.wait_for("got")
        assert terminal.visible_changes()[-1] - pressed >= 2 * SLOW.latency_seconds


def test_a_resize_is_told_and_shown() -> None:
    source = """
        import signal
        signal.signal(signal.SIGWINCH, lambda *_: w(f' now {os.get_terminal_size()[:2]}'))
        w('ready')
        while True: time.sleep(0.05)
    """
    with Terminal(program(source)) as terminal:
        terminal.wait_for("ready")
        terminal.resize(80, 24)
        terminal.wait_for(r"now \(80, 24\)")
        assert len(terminal.screen()) == 24


def test_a_signal_ends_the_program_and_its_number_is_told() -> None:
    with Terminal(program("w('ready'); r()")) as terminal:
        terminal.wait_for("ready")
        terminal.signal(signal.SIGTERM)
        assert terminal.wait_exit() == -signal.SIGTERM


def test_modes_and_raw_input_that_were_left_are_named_after_the_end() -> None:
    with Terminal(program("w('\\x1b[?1049h\\x1b[?25l')")) as terminal:
        assert terminal.wait_exit() == 0
        assert terminal.modes_left() == ["alternate screen", "hidden cursor", "raw input"]


def test_a_clean_program_leaves_no_mode() -> None:
    with Terminal(["sh", "-c", "printf '\\033[?1049h\\033[?1049l'; stty -echo; stty echo"]) as terminal:
        assert terminal.wait_exit() == 0
        assert terminal.modes_left() == []


def test_the_error_of_a_wait_shows_the_screen_and_comes_at_once_when_the_program_has_ended() -> None:
    with Terminal(["sh", "-c", "echo last words; exit 3"]) as terminal:
        began = time.monotonic()
        with pytest.raises(NotSeen, match=r"(?s)'never'.*ended with status 3.*last words"):
            terminal.wait_for("never", within=3_600)
        assert time.monotonic() - began < 1_800


def test_what_is_watched_has_the_stamp_of_the_read_that_showed_it() -> None:
    with Terminal(program("w('first'); r(); w(' second'); r(); w(' third'); r()")) as terminal:
        first, second = terminal.watch("first"), terminal.watch("second")
        shown = terminal.wait_seen(first)
        pressed = terminal.press("a")
        assert shown < pressed < terminal.wait_seen(second)
        terminal.press("a")
        terminal.wait_for("third")
        assert second.seen_at == terminal.visible_changes()[1]


def test_silence_is_waited_for_and_its_beginning_told() -> None:
    with Terminal(program("[(w('.'), time.sleep(0.05)) for _ in range(6)]; r()")) as terminal:
        terminal.wait_for(r"^\.")
        last = terminal.wait_silent(0.3)
        assert terminal.screen()[0] == "......"
        assert last == terminal.reads()[-1][0]


def test_a_slow_line_is_not_silent_while_something_is_on_its_way() -> None:
    line = Line(bytes_per_second=10_000)
    with Terminal(program("w('first' + '.' * 6000 + 'last'); r()"), line=line) as terminal:
        terminal.wait_for("first")
        last = terminal.wait_silent(0.1)
        assert last - terminal.reads()[0][0] >= 0.59
        assert terminal.bytes_out == 6009


def test_a_program_that_never_stops_writing_is_never_silent() -> None:
    with Terminal(program("while True: w('.'); time.sleep(0.02)")) as terminal, pytest.raises(NotSeen, match="silence"):
        terminal.wait_silent(0.5, within=1.0)


def test_output_is_kept_byte_by_byte() -> None:
    with Terminal(program("w('\\x1b[31mred\\x1b[0m'); r()")) as terminal:
        terminal.wait_bytes(b"\x1b[31mred\x1b[0m")
        assert terminal.bytes_out == len(b"\x1b[31mred\x1b[0m")
        assert terminal.output(since=5) == b"red\x1b[0m"


def test_what_a_program_leaves_in_a_session_of_its_own_is_found_and_ended(tmp_path: Path) -> None:
    pidfile = tmp_path / "pid"
    left = f"setsid sh -c 'trap \"\" HUP TERM; echo $$ > {pidfile}; while :; do sleep 1; done' & sleep 0.2; echo ready"
    with Terminal(["sh", "-c", left]) as terminal:
        terminal.wait_for("ready")
        terminal.wait_until("the pid file", lambda _: pidfile.exists() and pidfile.read_text().strip() != "")
        pid = int(pidfile.read_text())
        assert pid in terminal.offspring()
    assert not lives(pid)


def test_a_command_that_does_not_exist_leaves_no_file_open() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(FileNotFoundError):
        Terminal(["/nowhere/at/all"])
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValueError, match="no key is called 'dwon'"):
        encode_key("dwon")
