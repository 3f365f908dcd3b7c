"""The guard's holes in a real terminal, on a fast line and on one of 20 kB/s: only what was seen is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from rig.direct_api import DirectApi
from rig.line import SLOW, Line
from rig.pty_app import Backend, app_terminal, simulated_backend
from rig.terminal import Terminal
from tests.e2e.conftest import copy_business, decide, ready, statuses

QUIET = 1.0
FINGER_SECONDS = 0.55
"""Between two keys that the guard takes for one: a held key repeats, and a torn one goes on, sooner than this."""


@dataclass(frozen=True)
class Desk:
    """One app on one line, before one server; the tests of a line share them, each counts what it changed itself."""

    terminal: Terminal
    api: DirectApi

    def rest(self) -> int:
        """Let everything come to rest; how many drafts are pending then."""
        self.terminal.wait_silent(QUIET)
        return statuses(self.api)["pending"]


@pytest.fixture(scope="module", params=[Line(), SLOW], ids=["fast", "20 kB/s"])
def desk(request: pytest.FixtureRequest, business: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    copy_business(business, folder / "business.db")
    line: Line = request.param
    with (
        simulated_backend(folder / "business.db", approvals=40, options=("--hold-seconds", "600")) as backend,
        app_terminal(folder / "home", "--tab", "approvals", backend=backend, line=line) as terminal,
        DirectApi(backend) as api,
    ):
        ready(terminal)
        yield Desk(terminal, api)


@pytest.fixture(autouse=True)
def settled(request: pytest.FixtureRequest) -> None:
    """Each test begins on a draft that was looked at, with no line open."""
    if "desk" in request.fixturenames:
        desk: Desk = request.getfixturevalue("desk")
        desk.terminal.press("escape")
        desk.terminal.press("n")
        desk.rest()


def decided_by(desk: Desk, fingers: Callable[[], list[float]]) -> int:
    """How many drafts keys decided that came as close upon one another as they were meant to.

    Where the machine held them up on their way, they were other keys, and they are pressed again.
    """
    for _ in range(20):
        before = desk.rest()
        sent = fingers()
        decided = before - desk.rest()
        if all(after - at < FINGER_SECONDS for at, after in pairwise(sent)):
            return decided
    raise AssertionError("the machine is too slow to press keys as a finger does")


def test_a_double_press_decides_one(desk: Desk) -> None:
    press = desk.terminal.press
    assert decided_by(desk, lambda: [press("a"), press("a", apart=0.12)]) <= 1


def test_a_held_key_decides_at_most_one(desk: Desk) -> None:
    assert decided_by(desk, lambda: desk.terminal.hold("a", 2.5)) <= 1


@pytest.mark.parametrize("bracketed", [True, False], ids=["bracketed", "bare"])
@pytest.mark.parametrize("text", ["aaaa", "r3"])
def test_a_paste_decides_nothing(desk: Desk, text: str, bracketed: bool) -> None:
    before = desk.rest()
    desk.terminal.paste(text, bracketed=bracketed)
    assert desk.rest() == before


@pytest.mark.parametrize(
    "reply",
    [b"\x1b]11;rgb:1a1a/2b2b/3c3c\x1b\\", b"\x1b]11;rgb:1a1a/2b2b/3c3c\x07", b"\x1bP1+r524742=38\x1b\\", b"\x1b[1;2R"],
    ids=["OSC 11", "OSC 11 bel", "XTGETTCAP", "shift+f3"],
)
def test_a_late_answer_of_the_terminal_decides_nothing(desk: Desk, reply: bytes) -> None:
    before = desk.rest()
    desk.terminal.write(reply)
    assert desk.rest() == before
    assert "because of" not in desk.terminal.text()


@pytest.mark.parametrize(
    "pieces",
    [(b"\x1b", b"[", b"A"), (b"\x1b[", b"A"), (b"\x1b[", b"a"), (b"\x1b]", b"a"), (b"\xc3", b"a")],
    ids=["three", "behind the bracket", "rxvt shift+up", "OSC", "half a character"],
)
def test_a_key_that_the_line_tore_apart_decides_nothing(desk: Desk, pieces: tuple[bytes, ...]) -> None:
    assert decided_by(desk, lambda: desk.terminal.write_torn(*pieces, b"a", apart=0.15)) == 0


def test_a_key_on_the_row_that_just_came_under_the_cursor_decides_nothing(desk: Desk) -> None:
    press = desk.terminal.press
    assert decided_by(desk, lambda: [press("j"), press("a")]) == 0
    assert "did not count" in desk.terminal.text()


def test_a_held_r_opens_the_line_and_rejects_nothing(desk: Desk) -> None:
    decide(desk.terminal, "r", r"because of")
    decide(desk.terminal, "3", r"rejected \S+, tone")
    before = desk.rest()
    desk.terminal.hold("r", 2.5)
    assert desk.rest() == before


@pytest.mark.parametrize("cols", [45, 120])
def test_what_is_flagged_below_the_fold_is_never_approved_by_one_key(
    home: Path, backend: Backend, api: DirectApi, cols: int
) -> None:
    place = next(
        number
        for number, one in enumerate(api.approvals(sort="created"))
        if "ignore_previous" in api.approval(one["id"])["body"]
    )
    with app_terminal(home, "--tab", "approvals", backend=backend, cols=cols, rows=30) as terminal:
        terminal.wait_for(r"live\s*$|to approve")
        terminal.wait_for(r"pending \d")
        terminal.press(*["j"] * place, apart=0.15)
        terminal.wait_silent(QUIET)
        if cols == 45:
            decide(terminal, "enter", r"q ‹ 5 Approvals")
            terminal.wait_silent(QUIET)
        terminal.press("a")
        terminal.wait_for(r"did not count|a ignored")
        terminal.wait_silent(QUIET)
        assert "ignore_previous" in terminal.text()
    assert statuses(api)["pending"] == 12
