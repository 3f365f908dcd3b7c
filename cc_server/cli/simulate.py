"""`cc-server simulate`: `run` plus a simulated business, in one process; ends with whoever started it."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from cc_api_client.models.installation.roles import Role
from cc_server import logs
from cc_server.app import Application
from cc_server.cli.opening import opened
from cc_server.cli.serve import serve
from cc_server.cli.serving.garbage import spare_what_is_there
from cc_server.cli.serving.server import GracefulServer, bind, url_of
from cc_server.config import ConfigError, ServerSettings
from cc_server.db.database import Database
from cc_server.db.ids import RandomIds, SeededIds
from cc_server.db.schema import Opening, Use
from cc_server.domain import installation
from cc_server.domain.access import keys
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.base.unit import Unit
from cc_server.domain.outbox import listing
from cc_server.simulate.history import History
from cc_server.simulate.living import Living
from cc_server.simulate.queue import Queue
from cc_server.simulate.world import World
from cc_server.worker.providers import provider_of

OPERATOR = "you"
LAST_SECONDS = 2.5
"""How long an end may take once whoever started us is gone."""
_log = logging.getLogger("cc_server.simulate")


@dataclass(frozen=True, slots=True)
class Demand:
    """What is to be simulated, and by whom it is awaited."""

    seed: int
    rate: float
    approvals: int
    ready_fd: int | None = None
    stop_on_stdin_eof: bool = False
    remove_dir: Path | None = None


class _Watch:
    """Notices that whoever started us is gone: stdin ends. Then there are seconds left, whatever else happens."""

    def __init__(self, remove_dir: Path | None) -> None:
        self._remove_dir = remove_dir
        self._server: GracefulServer | None = None
        self._gone = threading.Event()

    def begin(self) -> None:
        """Read stdin to its end."""
        threading.Thread(target=self._read, name="cc-watch", daemon=True).start()

    def is_wanted(self) -> bool:
        """Whether somebody is still there."""
        return not self._gone.is_set()

    def serving(self, server: GracefulServer) -> None:
        """Stop this server when nobody is there any more."""
        self._server = server
        if self._gone.is_set():
            server.should_exit = True

    def _read(self) -> None:
        while os.read(0, 4096):
            pass
        self._gone.set()
        if self._server is not None:
            self._server.should_exit = True
        threading.Event().wait(LAST_SECONDS)
        self.remove()
        os._exit(0)

    def spare(self) -> None:
        """What is in the folder is not ours to remove."""
        self._remove_dir = None

    def remove(self) -> None:
        """Remove the folder that was made for this run, where there is one."""
        if self._remove_dir is not None:
            shutil.rmtree(self._remove_dir, ignore_errors=True)


def simulate(settings: ServerSettings, demand: Demand) -> int:
    """Serve a living business until asked to stop.

    Raises:
        ConfigError: the port or the database can't be used, or deliveries would leave this machine, or the folder to
            be removed is not the database's own.
    """
    provider = provider_of(settings)
    if provider.leaves_this_machine:
        raise ConfigError(f"smtp.host: {settings.smtp.host}: a simulated business sends nothing off this machine")
    _require_own_folder(settings, demand.remove_dir)
    logs.configure(settings.log_format, settings.log_level)
    spare_what_is_there()
    watch = _Watch(demand.remove_dir)
    if demand.stop_on_stdin_eof:
        watch.begin()
    try:
        with bind(settings.host, settings.port) as listener:
            if isinstance(settings.db, Path):
                settings.db.absolute().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with opened(settings, Opening.ANY, ids=SeededIds(demand.seed), use=Use.SERVE) as db:
                world = _prepare(db, settings, demand, watch)
                url = url_of(listener)
                _tell_ready(demand, url, _key(db))
                living = Living(db, world, demand.rate)
                application = Application(db, settings, provider, {"simulator": living.run})
                application.prepare()
                sys.stderr.write(f"Serving a simulated business at {url}\n")
                return serve(application, settings, [listener], watch.serving)
    finally:
        watch.remove()


def _require_own_folder(settings: ServerSettings, folder: Path | None) -> None:
    """Remove no folder that was not made for this run.

    Raises:
        ConfigError: the database is not in it.
    """
    if folder is None:
        return
    if not isinstance(settings.db, Path) or folder.absolute() not in settings.db.absolute().parents:
        raise ConfigError(f"--remove-dir: {folder} does not hold the database {settings.db}, and is left as it is")


def _prepare(db: Database, settings: ServerSettings, demand: Demand, watch: _Watch) -> World:
    """Give the business its past, where it has none, and its queue.

    Raises:
        ConfigError: the database holds another business.
    """
    if not db.read_sync(installation.may_be_simulated):
        watch.spare()
        raise ConfigError(f"{settings.db} holds a business that `simulate` did not make up; name another with --db")
    db.write_sync(installation.mark_simulated)
    world = World(demand.seed, db.ids)
    now = db.clock.now()
    if db.read_sync(world.adopt):
        db.ids = world.ids = RandomIds()  # those of the seed are used up
    else:
        sys.stderr.write("Making up a business with a month of history; this takes some seconds …\n")
        History(db, world, now).play(watch.is_wanted)
    pending = db.read_sync(listing.outbox_counts, SYSTEM).queued
    Queue(db, world).fill(max(0, demand.approvals - pending), now, watch.is_wanted)
    db.write_sync(installation.seen, world.unit(db.clock.now()))
    return world


def _key(db: Database) -> str:
    """A key for the operator, under a name that was never used."""

    def work(conn: Connection, name: str) -> str:
        return keys.create(conn, Unit(SYSTEM, db.clock.now(), db.ids), name, Role.ADMIN, None).token or ""

    number = 1
    while True:
        try:
            return db.write_sync(work, OPERATOR if number == 1 else f"{OPERATOR}-{number}")
        except DomainRefusal:
            number += 1


def _tell_ready(demand: Demand, url: str, api_key: str) -> None:
    """Say where we are, to whoever waits for it, else on stdout."""
    line = json.dumps({"url": url, "api_key": api_key, "pid": os.getpid()}) + "\n"
    if demand.ready_fd is None:
        sys.stdout.write(line)
        sys.stdout.flush()
        return
    try:
        with os.fdopen(demand.ready_fd, "w") as pipe:
            pipe.write(line)
    except OSError as error:
        _log.warning("nobody waits for us: %s", error)
