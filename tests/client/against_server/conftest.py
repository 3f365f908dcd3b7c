"""The server as it is shipped, and who asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cc_api_client.client import CommandCenterClient
from cc_api_client.models.outbox.approvals import Approval
from rig.direct_api import DirectApi
from rig.pty_app import Backend, simulated_backend
from tests.client.against_server.asking import Keys
from tests.support.no_jitter import NoJitter


@pytest.fixture(scope="package")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backend") / "cc.db"


@pytest.fixture(scope="package")
def backend(database: Path) -> Iterator[Backend]:
    with simulated_backend(database, approvals=40, options=("--hold-seconds=600",)) as running:
        yield running


@pytest.fixture(scope="package")
def keys(backend: Backend, database: Path) -> Keys:
    assert backend.pid, "the database is made by the server"
    return Keys(database)


@pytest.fixture(scope="package")
def drafts(backend: Backend) -> Iterator[str]:
    """Emails that wait for a word, each for one test."""
    with DirectApi(backend) as direct:
        waiting = direct.approvals(status="pending", kind="email")
    return iter([approval["id"] for approval in waiting])


@pytest.fixture
async def client(backend: Backend) -> AsyncIterator[CommandCenterClient]:
    made = CommandCenterClient(backend.url, backend.api_key, rng=NoJitter())
    yield made
    await made.aclose()


@pytest.fixture
def other(backend: Backend) -> Iterator[DirectApi]:
    """Somebody else at the same server."""
    with DirectApi(backend) as direct:
        yield direct


@pytest.fixture
async def pending(client: CommandCenterClient, drafts: Iterator[str]) -> Approval:
    """A draft that nobody has touched."""
    return (await client.approvals.get(next(drafts))).value
