"""What a stream runs side by side ends with the stream, whoever ends it."""

from __future__ import annotations

import asyncio

import pytest

from cc_server.api.routers.stream import until_first


async def forever(begun: asyncio.Event, ended: list[str]) -> None:
    begun.set()
    try:
        await asyncio.Event().wait()
    finally:
        ended.append("ended")


async def test_nothing_outlives_a_stream_whose_handler_is_cancelled() -> None:
    begun, ended = [asyncio.Event(), asyncio.Event()], list[str]()
    handler = asyncio.create_task(until_first(*(forever(one, ended) for one in begun)))
    for one in begun:
        await one.wait()
    handler.cancel()
    with pytest.raises(asyncio.CancelledError):
        await handler
    assert ended == ["ended", "ended"]


async def test_an_error_that_is_no_reader_who_went_is_heard() -> None:
    async def breaks() -> None:
        raise RuntimeError("a mistake of ours")

    ended: list[str] = []
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        await until_first(forever(asyncio.Event(), ended), breaks())
    assert ended == ["ended"]
