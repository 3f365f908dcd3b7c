"""Follows the event stream: every item becomes state, and the link's word."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

from cc_api_client.client import CommandCenterClient
from cc_api_client.errors import Unauthorized, Unsupported
from cc_api_client.models.events import EventPosition
from cc_api_client.stream import Connected, Disconnected, Events, ResyncRequired, Volatile
from cc_tui.state.clock import Clock
from cc_tui.sync.intake import Intake
from cc_tui.sync.link_machine import LinkMachine

log = logging.getLogger(__name__)


class Streamer:
    """One subscription to all that the key may see."""

    def __init__(self, client: CommandCenterClient, intake: Intake, machine: LinkMachine, clock: Clock) -> None:
        self._client = client
        self._intake = intake
        self._machine = machine
        self._clock = clock
        self.is_up = False
        self.is_locked_out = False
        """Whether the server did not take the key when it was asked last."""

    async def follow(self, since: EventPosition) -> AsyncIterator[bool]:
        """Apply events from `since` on.

        Yields:
            False when the stream came up or went down; True when the collections must be fetched again.
            Ends when the server has no stream for this key.
        """
        self.is_locked_out = False
        stream = self._client.events(since=since)
        try:
            async for item in stream:
                match item:
                    case Connected():
                        self.is_up = True
                        self._machine.heard(self._clock.wall(), item.server_time.timestamp())
                        self._machine.stream_is_up(self._clock.wall())
                        yield False
                    case Events(events=events) | Volatile(events=events):
                        self._machine.heard(self._clock.wall(), None)
                        for event in events:
                            self._intake.apply(event)
                    case ResyncRequired():
                        log.warning("the stream can't be continued (%s): fetching everything again", item.reason)
                        yield True
                    case Disconnected():
                        self.is_up = False
                        log.info("the stream was cut: %s", item.error)
                        self._machine.stream_is_down(self._clock.wall())
                        yield False
        except Unsupported as error:
            log.info("no stream here, polling: %s", error)
        except Unauthorized as error:
            self.is_locked_out = True
            self._machine.refused(self._clock.wall(), str(error), is_key_refused=True)
        finally:
            if self.is_up:
                self._machine.stream_is_down(self._clock.wall())
            self.is_up = False
            await stream.aclose()
