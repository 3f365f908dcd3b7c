"""The server in a process of its own, and beside it on the same socket and the same writer a bare FastAPI handler.

`python -m bench.server.process --db ADDRESS --audit-key FILE --fd N` serves on a listening socket that it is given,
until its stdin ends.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import Connection, bindparam, update
from starlette.types import ASGIApp, Receive, Scope, Send

from bench.server.stock import Stock
from cc_api_client.models.outbox.approvals import ApproveBody
from cc_server.app import Application
from cc_server.cli.serving.server import GracefulServer, bind
from cc_server.config import ServerSettings
from cc_server.db.clock import SystemClock
from cc_server.db.database import Database
from cc_server.db.postgres.url import PostgresUrl, is_postgres
from cc_server.db.tables import approvals
from cc_server.sealing.seals import Seals
from cc_server.worker.providers import RecordingProvider

HOLD_SECONDS = 86_400
"""Nothing leaves while we measure."""
UNLIMITED = 1_000_000
_BARE = "/bare/"
_ROOT = Path(__file__).parent.parent.parent
_COMPARE_AND_SET = (
    update(approvals)
    .where(approvals.c.id == bindparam("wanted"), approvals.c.status == "pending")
    .values(status="approved", version=approvals.c.version + 1)
    .returning(approvals.c.version)
)


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that runs."""

    port: int
    pid: int


@contextmanager
def serving(stocked: Stock) -> Iterator[Serving]:
    """The server on a stock, in a process of its own; it ends with the block."""
    with bind("127.0.0.1", 0) as listener:
        address = stocked.address
        told = address.dsn if isinstance(address, PostgresUrl) else str(address)
        command = [
            sys.executable, "-m", "bench.server.process", "--db", told, "--audit-key", str(stocked.audit_key),
            "--fd", str(listener.fileno()),
        ]  # fmt: skip
        with subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, pass_fds=[listener.fileno()]) as process:
            yield Serving(listener.getsockname()[1], process.pid)
            process.communicate()


def main() -> int:
    """Serve until stdin ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--db", required=True)
    parser.add_argument("--audit-key", type=Path, required=True)
    parser.add_argument("--fd", type=int, required=True)
    typed = parser.parse_args()
    settings = ServerSettings(hold_seconds=HOLD_SECONDS, rate_limit=UNLIMITED, audit_key_file=typed.audit_key)
    address = PostgresUrl.parse(typed.db) if is_postgres(typed.db) else Path(typed.db)
    db = Database(address, SystemClock(), seals=Seals(typed.audit_key))
    db.open()
    application = Application(db, settings, RecordingProvider())
    server = GracefulServer(_beside(_bare(db), application.asgi), settings, application.say_goodbye)
    threading.Thread(target=_stop_at_the_end, args=(server,), daemon=True).start()
    with socket.socket(fileno=typed.fd) as listener:
        listener.setblocking(False)
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(server.serve(sockets=[listener]))
    db.close()
    return 0


def _bare(db: Database) -> FastAPI:
    """The least that a decision can be: one handler that reads the same body, one compare-and-set, one commit."""
    app = FastAPI()

    @app.post("/bare/{approval_id}")
    async def decide(approval_id: str, body: ApproveBody) -> dict[str, int | None]:
        return {"version": await db.write(_compare_and_set, approval_id)}

    return app


def _compare_and_set(conn: Connection, approval_id: str) -> int | None:
    version: int | None = conn.execute(_COMPARE_AND_SET, {"wanted": approval_id}).scalar()
    return version


def _beside(bare: ASGIApp, ours: ASGIApp) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        is_bare = scope["type"] == "http" and scope["path"].startswith(_BARE)
        await (bare if is_bare else ours)(scope, receive, send)

    return serve


def _stop_at_the_end(server: GracefulServer) -> None:
    sys.stdin.read()
    server.should_exit = True


if __name__ == "__main__":
    sys.exit(main())
