"""`cc-server run`: open the database, serve, end cleanly."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from functools import partial

from cc_server import logs
from cc_server.app import Application
from cc_server.cli.opening import opened
from cc_server.cli.serving.figures import shared_figures
from cc_server.cli.serving.server import GracefulServer, bind, url_of
from cc_server.cli.serving.workers import Once, Workers
from cc_server.config import ConfigError, ServerSettings
from cc_server.db.schema import Opening, Use
from cc_server.worker.providers import provider_of

CANNOT_BEGIN = 3
"""How a worker ends whose settings or database can't be used."""


def run(settings: ServerSettings) -> int:
    """Serve until SIGTERM or SIGINT.

    Raises:
        ConfigError: the port or the database can't be used, or there is no database.
    """
    logs.configure(settings.log_format, settings.log_level)
    with bind(settings.host, settings.port) as listener:
        saying = Once()
        if settings.workers == 1:
            return _serve_here(settings, listener, saying)
        with shared_figures() as forget:
            serve_here = partial(_serve_as_worker, settings, listener, saying)
            workers = Workers(settings.workers, serve_here, CANNOT_BEGIN, listener.close, forget)
            return 1 if workers.run() else 0


def _serve_here(settings: ServerSettings, listener: socket.socket, saying: Once) -> int:
    with opened(settings, Opening.EXISTING, use=Use.SERVE) as db:
        application = Application(db, settings, provider_of(settings))
        application.prepare()
        if saying.is_mine():
            sys.stderr.write(f"Serving {settings.db} at {url_of(listener, tls=settings.tls_cert is not None)}\n")
        return serve(application, settings, [listener])


def _serve_as_worker(settings: ServerSettings, listener: socket.socket, saying: Once) -> int:
    try:
        return _serve_here(settings, listener, saying)
    except ConfigError as error:
        sys.stderr.write(f"cc-server: {error}\n")
        return CANNOT_BEGIN


def serve(
    application: Application,
    settings: ServerSettings,
    listeners: list[socket.socket],
    started: Callable[[GracefulServer], None] | None = None,
) -> int:
    """Serve on bound sockets until asked to stop; `started` is called with the server before it serves."""
    server = GracefulServer(application.asgi, settings, application.say_goodbye)
    if started is not None:
        started(server)
    loop_factory = server.config.get_loop_factory()
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(server.serve(sockets=listeners))
    return 0
