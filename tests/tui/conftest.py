"""The app without a terminal and without a server: the state is filled from what a server once told."""

from __future__ import annotations

import os
import time
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator

import pytest

from tests.support.played_time import PlayedLoop, played


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], AbstractEventLoop]]:
    """Tests run in played time."""
    return {"played": PlayedLoop}


@pytest.fixture(autouse=True)
def _played(monkeypatch: pytest.MonkeyPatch) -> None:
    played(monkeypatch)


@pytest.fixture(autouse=True, scope="session")
def _in_utc() -> Iterator[None]:
    """Clocks are drawn in the operator's own zone; here that is UTC."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No colour setting of whoever runs the tests."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
