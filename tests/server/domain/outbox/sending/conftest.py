"""Mails to a server that shares the loop of its sender, and its time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.support.played_time import PlayedLoop


def pytest_asyncio_loop_factories(item: pytest.Item) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """A database's threads go by the machine's time: only where there is none is it played."""
    return {"real": asyncio.new_event_loop} if "house" in getattr(item, "fixturenames", ()) else {"played": PlayedLoop}
