"""uvicorn as we run it: a socket that is bound before anything is loaded, and an end within three seconds.

uvicorn raises a signal again after its shutdown, so that a `finally` would not run, and closes streams before the
application hears of it: both are done otherwise here.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Generator
from typing import TYPE_CHECKING

import uvicorn

from cc_server.cli.serving.garbage import spare_what_is_there
from cc_server.cli.serving.protocol import LimitedProtocol
from cc_server.cli.serving.signals import stopped_by_signals
from cc_server.config import ConfigError, ServerSettings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

KEEP_ALIVE_SECONDS = 75
"""Longer than a client keeps an idle connection (contract's peers: 30 to 60 s), so that it is never us who race it."""
GRACE_SECONDS = 1
LARGEST_STREAM_MESSAGE = 64 * 1024
_BACKLOG = 1024


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens; connections wait in its backlog until the server is up.

    Raises:
        ConfigError: the port is taken, or the host is none of this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except socket.gaierror:
        raise ConfigError(f"host: {host} is not known; give an address of this machine, such as 127.0.0.1") from None
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no host name"
        raise ConfigError(f"can't listen on {host} port {port}: {reason}; choose another with --port") from None
    listener.setblocking(False)
    return listener


def url_of(listener: socket.socket, *, tls: bool = False) -> str:
    """Where a client of this machine finds what listens."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - it is read here, not bound
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104
    return f"http{'s' if tls else ''}://{f'[{host}]' if ':' in host else host}:{port}"


class GracefulServer(uvicorn.Server):
    """Says goodbye to streams before it closes them, and ends without raising its signal again.

    Args:
        app: what to serve.
        settings: of which the TLS files are taken.
        before_closing: tells the open streams that the server goes.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings, before_closing: Callable[[], Awaitable[None]]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=LimitedProtocol,
                ws="websockets-sansio",
                loop="uvloop",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ws_max_size=LARGEST_STREAM_MESSAGE,
                ws_ping_interval=20.0,
                ws_ping_timeout=20.0,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,
                ssl_certfile=settings.tls_cert,
                ssl_keyfile=settings.tls_key,
            )
        )
        self._before_closing = before_closing

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        await super().startup(sockets)
        spare_what_is_there()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """While serving, whoever asks the process to stop asks this."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        with stopped_by_signals(self._stop):
            yield

    def _stop(self) -> None:
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell the streams, then close them and everything else."""
        await self._before_closing()
        await super().shutdown(sockets)
