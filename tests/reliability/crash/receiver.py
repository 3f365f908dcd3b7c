"""A mail server that writes down what it took, and can fall silent in the middle of a conversation."""

from __future__ import annotations

import asyncio
import email
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.reliability.crash.cuts import Step
from tests.support.patience import PATIENCE_SECONDS


class Receiver:
    """What was handed over, by the stable key that each mail carries."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.port = 0
        self._silent_at = Step.NEVER
        self._left = 0
        self._reached = threading.Event()
        self._released = threading.Event()

    def fall_silent(self, step: Step, nth: int) -> None:
        """Say nothing more from the `nth` time on that somebody comes to `step`, until `go_on`."""
        self._silent_at, self._left = step, nth
        self._reached.clear()
        self._released.clear()

    def wait_silent(self) -> bool:
        """Whether it fell silent, as it was told to."""
        return self._reached.wait(PATIENCE_SECONDS)

    def go_on(self) -> None:
        """Talk again, to whoever is still there."""
        self._silent_at = Step.NEVER
        self._released.set()

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's word)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Somebody names a recipient."""
        await self._pass(Step.MAIL_ADDRESSED)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Somebody handed a whole mail over: from here on it is delivered."""
        self.taken.append(email.message_from_bytes(envelope.original_content or b"")["X-Command-Center-Key"])
        await self._pass(Step.MAIL_TAKEN)
        return "250 taken"

    async def _pass(self, step: Step) -> None:
        if step is not self._silent_at:
            return
        self._left -= 1
        if self._left <= 0:
            self._reached.set()
            await asyncio.to_thread(self._released.wait, PATIENCE_SECONDS)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port of this machine, in a thread of its own."""
    receiver = Receiver()
    loop = asyncio.new_event_loop()

    async def listen() -> asyncio.Server:
        return await loop.create_server(lambda: SMTP(receiver, loop=loop), "127.0.0.1", 0)

    thread = threading.Thread(target=loop.run_forever, name="receiver", daemon=True)
    thread.start()
    server: Any = asyncio.run_coroutine_threadsafe(listen(), loop).result()
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        receiver.go_on()
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
