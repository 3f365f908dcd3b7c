"""One question asked ahead: in a thread, over a bare connection, while everything else is still being imported.

The client proper takes a quarter of a second to import. What is asked here is asked again by it, so an answer that does
not come, or not as expected, is no error: the client will say what is wrong.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable
from threading import Event, Thread
from typing import Generic, TypeVar
from urllib.parse import urlsplit

AnswerT = TypeVar("AnswerT")

SECONDS = 3.0
ANSWER_MOST_BYTES = 4 * 1024 * 1024
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


class Ahead(Generic[AnswerT]):
    """A GET that is on its way.

    Args:
        base_url: the server's address, as the client takes it.
        api_key: sent in its header, to that server and nowhere else.
        client_id: narrows the answer to one client.
        target: path and query.
        read: makes of an answer's body what is wanted; called in the thread. A ValueError drops the answer.
    """

    def __init__(
        self, base_url: str, api_key: str, client_id: str | None, target: str, read: Callable[[bytes], AnswerT]
    ) -> None:
        self._question = _Question(base_url, api_key, client_id, target)
        self._read = read
        self._answer: AnswerT | None = None
        self._ended = Event()
        Thread(target=self._run, name="ahead", daemon=True).start()

    def wait(self, seconds: float) -> AnswerT | None:
        """The answer, waited for at most `seconds`; None when there is none to be had."""
        self._ended.wait(seconds)
        return self._answer

    def _run(self) -> None:
        try:
            body = self._question.ask()
            self._answer = self._read(body) if body is not None else None
        except (OSError, ValueError):
            self._answer = None
        finally:
            self._ended.set()


class _Question:
    """HTTP/1.1 as far as one GET needs it: an answer in one piece, of known length, or none."""

    def __init__(self, base_url: str, api_key: str, client_id: str | None, target: str) -> None:
        self._url = base_url.strip()
        self._headers = {"X-API-Key": api_key.strip(), "Accept": "application/json", "Connection": "close"}
        if client_id is not None:
            self._headers["X-Client-Id"] = client_id
        self._target = target

    def ask(self) -> bytes | None:
        """The body of an answer 200.

        Raises:
            OSError: the server can't be reached, or its certificate is not trusted.
            ValueError: the address is none.
        """
        url = urlsplit(self._url)
        if url.scheme not in ("http", "https") or not url.hostname or url.username is not None or _has_proxy():
            return None
        head = [f"GET {url.path.rstrip('/')}{self._target} HTTP/1.1", f"Host: {url.netloc}"]
        head += [f"{name}: {told}" for name, told in self._headers.items()]
        if any(not line.isascii() or not line.isprintable() for line in head):
            return None
        port = url.port or (443 if url.scheme == "https" else 80)
        with socket.create_connection((url.hostname, port), timeout=SECONDS) as bare:
            if url.scheme == "http":
                return _exchange(bare, head)
            with ssl.create_default_context().wrap_socket(bare, server_hostname=url.hostname) as secure:
                return _exchange(secure, head)


def _exchange(connection: socket.socket, head: list[str]) -> bytes | None:
    connection.sendall("\r\n".join([*head, "", ""]).encode("ascii"))
    told = bytearray()
    while chunk := connection.recv(65_536):
        told += chunk
        if len(told) > ANSWER_MOST_BYTES:
            return None
    top, _, body = bytes(told).partition(b"\r\n\r\n")
    first, *lines = top.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    is_whole = headers.get("content-length") == str(len(body)) and "content-encoding" not in headers
    return body if is_whole and first.split(" ")[1:2] == ["200"] else None


def _has_proxy() -> bool:
    """Whether requests go through a proxy, which only the client proper speaks to."""
    return any(os.environ.get(name) or os.environ.get(name.upper()) for name in _PROXIES)
