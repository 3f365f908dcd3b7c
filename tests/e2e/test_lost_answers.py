"""The server has a decision, and its answer never comes: what is said meanwhile, and at the next start, is true."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.direct_api import DirectApi
from rig.pty_app import Backend, app_terminal
from rig.terminal import Terminal
from tests.e2e.conftest import Server, decide, eventually, ready
from tests.support.relay import Relay, relay_beside


@pytest.fixture
def relay(server: Server) -> Iterator[Relay]:
    with relay_beside(server.backend.url) as found:
        yield found


def problems(terminal: Terminal) -> str:
    """How many there are before anything is decided."""
    return terminal.wait_for(r"problems (\d+) ")[1]


def behind(relay: Relay, server: Server) -> Backend:
    return Backend(relay.url, server.api_key, server.backend.pid)


def test_a_decision_that_arrived_before_the_app_was_killed_stands_as_decided_and_can_be_undone(
    home: Path, server: Server, relay: Relay
) -> None:
    with app_terminal(home, backend=behind(relay, server)) as terminal, DirectApi(server.backend) as api:
        ready(terminal)
        before = problems(terminal)
        terminal.wait_silent(1.0)
        relay.loses_answers = True
        decide(terminal, "a", r"→ undelivered")
        eventually(
            lambda: api.approvals(status="approved", delivery="held") != [], terminal, "an approval at the server"
        )
        terminal.signal(signal.SIGKILL)
        terminal.wait_exit()
    relay.loses_answers = False
    with app_terminal(home, backend=behind(relay, server)) as terminal, DirectApi(server.backend) as api:
        terminal.wait_for(r"approved \S+, leaves in \d+ \w+ · u undo")
        terminal.wait_for(rf"pending 11 +leaving 1 +problems {before} ")
        assert "for your word" not in terminal.text()
        terminal.wait_gone(r"undelivered")
        decide(terminal, "u", r"undone: \S+ is pending again")
        terminal.wait_for(rf"pending 12 +leaving 0 +problems {before} ")
        assert len(api.approvals(status="pending")) == 12


def test_a_batch_that_arrived_before_the_app_was_killed_stands_as_decided_and_is_undone_as_a_whole(
    home: Path, server: Server, relay: Relay
) -> None:
    with app_terminal(home, backend=behind(relay, server)) as terminal, DirectApi(server.backend) as api:
        ready(terminal)
        before = problems(terminal)
        terminal.press("space", "space")
        decide(terminal, "a", r"Approve 2 marked drafts")
        terminal.wait_silent(1.0)
        relay.loses_answers = True
        decide(terminal, "y", r"→ undelivered")
        eventually(lambda: len(api.approvals(status="approved", delivery="held")) == 2, terminal, "two approvals")
        terminal.signal(signal.SIGKILL)
        terminal.wait_exit()
    relay.loses_answers = False
    with app_terminal(home, backend=behind(relay, server)) as terminal:
        terminal.wait_for(r"approved 2 drafts, the first leaves in \d+ \w+ · u undo")
        terminal.wait_for(rf"pending 10 +leaving 2 +problems {before} ")
        assert "for your word" not in terminal.text()
        decide(terminal, "u", r"undone: 2 drafts pending again")
        terminal.wait_for(rf"pending 12 +leaving 0 +problems {before} ")


def test_undo_of_an_unanswered_decision_says_that_it_waits_and_takes_it_back_when_the_answer_comes(
    home: Path, server: Server, relay: Relay
) -> None:
    with app_terminal(home, backend=behind(relay, server)) as terminal, DirectApi(server.backend) as api:
        ready(terminal)
        before = problems(terminal)
        terminal.wait_silent(1.0)
        relay.loses_answers = True
        decide(terminal, "a", r"→ undelivered")
        eventually(
            lambda: api.approvals(status="approved", delivery="held") != [], terminal, "an approval at the server"
        )
        terminal.press("u")
        terminal.wait_for(r"waits for the server's answer, then")
        relay.loses_answers = False
        relay.cut()
        terminal.wait_for(r"undone: \S+ is pending again")
        terminal.wait_for(rf"pending 12 +leaving 0 +problems {before} ")
        assert len(api.approvals(status="pending")) == 12


def test_a_batch_that_the_server_did_in_part_stands_so_at_the_next_start_and_the_rest_is_asked_for_as_a_batch(
    home: Path, server: Server
) -> None:
    with app_terminal(home, backend=server.backend) as terminal:
        ready(terminal)
        before = int(problems(terminal))
        terminal.press("space", "space", "space")
        decide(terminal, "a", r"Approve 3 marked drafts")
        terminal.wait_silent(1.0)
        server.kill()
        decide(terminal, "y", r"→ undelivered")
        terminal.signal(signal.SIGKILL)
        terminal.wait_exit()
    server.start()
    with DirectApi(server.backend) as api:
        first = api.approvals(status="pending", sort="created")[0]  # by the same key, as the batch had begun to
        api.approve(first)
    with app_terminal(home, backend=server.backend) as terminal:
        terminal.wait_for(r"2 decisions wait for your word")
        terminal.wait_for(r"a batch of 3, 1 of it decided already")
        terminal.wait_silent(0.5)
        decide(terminal, "escape", r"A all safe")
        terminal.wait_for(rf"pending 9 +leaving 1 +problems {before + 2} ")
        terminal.press("l", "l", "enter")
        terminal.wait_for(r"Send this batch now\? It decides 2 drafts")
