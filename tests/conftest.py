"""What all tests share: how much effort a test of reliability takes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Effort = Callable[[int, int], int]
"""From a small figure for every run of the suite and a large one for `make torture` to the one that is asked for."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--torture", action="store_true", help="run the long forms of tests/reliability")


@pytest.fixture(scope="session")
def effort(request: pytest.FixtureRequest) -> Effort:
    is_long = bool(request.config.getoption("--torture"))
    return lambda short, long: long if is_long else short
