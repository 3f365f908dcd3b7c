"""What all tests share: how much effort a test of reliability takes, and databases to begin with."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

import pytest
from hypothesis import settings

from rig.house import FoundedFile, FoundedOnPostgres, found_file, found_on_postgres
from rig.postgres import Postgres, PostgresRefused, postgres

settings.register_profile("however slow the machine", settings.default, deadline=None)
settings.load_profile("however slow the machine")

Effort = Callable[[int, int], int]
"""From a small figure for every run of the suite and a large one for `make torture` to the one that is asked for."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--torture", action="store_true", help="run the long forms of tests/reliability")


@pytest.fixture(scope="session")
def effort(request: pytest.FixtureRequest) -> Effort:
    is_long = bool(request.config.getoption("--torture"))
    return lambda short, long: long if is_long else short


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None]:
    """A server that is not ours can't be frozen: who tries is skipped."""
    try:
        return (yield)
    except PostgresRefused as refused:
        pytest.skip(str(refused))


@pytest.fixture(scope="session", name="postgres")
def a_postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of this test process, started when the first test asks."""
    try:
        with postgres() as made:
            yield made
    except PostgresRefused as refused:
        pytest.skip(str(refused))


@pytest.fixture(scope="session")
def founded_sqlite(tmp_path_factory: pytest.TempPathFactory) -> FoundedFile:
    return found_file(tmp_path_factory.mktemp("founded"))


@pytest.fixture(scope="session")
def founded_postgresql(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> FoundedOnPostgres:
    return found_on_postgres(postgres, tmp_path_factory.mktemp("founded"))
