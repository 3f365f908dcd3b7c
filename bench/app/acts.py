"""What an act costs: another tab, a decision, a call of the typed client."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import time
from collections.abc import Awaitable, Callable

import httpx

from bench.findings import Finding, Samples
from bench.setting import FEW, PAGEFUL, Setting
from bench.watching import cost_of_keys, paint_of, wait_calm
from cc_api_client.client import CommandCenterClient
from rig.pty_app import Backend, simulated_backend

DECIDED_AMONG = 400
TAB_BUDGET, CLIENT_BUDGET, DECISION_BUDGET = 2.0, 1.3, 1.0
GUARD_MS = 12.0
"""A decision key is judged so long after its read, when it is known whether others came with it."""
_SEEN_SECONDS = 0.9
"""At rest so long, a draft has been seen as long as the guard asks for."""
_QUIET_SECONDS = 0.3
_SWITCHES, _DECISIONS = 4, 10
"""To each tab, and of drafts, a run of the scenario: with five runs 40 switches and 50 decisions."""
_DECIDED = "undelivered"
"""What a decided row says, from the moment that the decision is on the disk until the server has it."""
_WORDS = 24


def tab_switch(setting: Setting) -> list[Finding]:
    """To another tab and back, both visited before, until all of it is there, in turns with a cursor key."""
    switches: list[float] = []
    keys: list[float] = []
    with setting.ours_at_rest(FEW) as terminal:
        approvals = terminal.screen()
        cost_of_keys(terminal, ("3",), quiet=_SEEN_SECONDS)
        agents = terminal.screen()
        cost_of_keys(terminal, ("5",), quiet=_SEEN_SECONDS)
        landmarks = {"3": _lowest_of(agents, approvals), "5": _lowest_of(approvals, agents)}
        for _ in range(_SWITCHES * setting.runs):
            for name, landmark in landmarks.items():
                switches.append(paint_of(terminal, name, landmark))
                terminal.wait_silent(_QUIET_SECONDS)
            keys += [cost.paint_ms for cost in cost_of_keys(terminal, ("down", "up"), quiet=_QUIET_SECONDS)]
    beside = Samples("a key", tuple(keys))
    return [Finding("tab switch to painted", "ms", Samples("cc-tui", tuple(switches)), beside, TAB_BUDGET)]


def decision(setting: Setting) -> list[Finding]:
    """`a` on safe drafts, which ask for no more than that, until it is painted: by then it is durable.

    In turns with cursor keys and with syncs of the disk where the journal is.
    """
    decisions: list[float] = []
    keys: list[float] = []
    syncs: list[float] = []
    with _with_drafts_of_its_own(setting) as backend, setting.ours(DECIDED_AMONG, backend=backend) as terminal:
        terminal.wait_for(r"pending \d", within=30.0)
        wait_calm(terminal)
        terminal.type("/safe\n")
        for _ in range(_DECISIONS * setting.runs):
            keys += [cost.paint_ms for cost in cost_of_keys(terminal, ("down", "up"), quiet=_QUIET_SECONDS)]
            time.sleep(_SEEN_SECONDS)
            decisions.append(paint_of(terminal, "a", _DECIDED))
            terminal.wait_gone(_DECIDED)
            syncs.append(_sync_ms(setting))
    least = Samples("keys", tuple(keys)).median + GUARD_MS + Samples("syncs", tuple(syncs)).median
    beside = Samples(f"a key + {GUARD_MS:.0f} ms + one fsync", (least,))
    return [
        Finding("decision to painted and durable", "ms", Samples("cc-tui", tuple(decisions)), beside, DECISION_BUDGET)
    ]


def client_call(setting: Setting) -> list[Finding]:
    """A page of some 50 drafts as models, in turns with bare httpx and `json()`."""
    ours, bare = asyncio.run(_calls(setting.backend(PAGEFUL), min(64, setting.requests // 4)))
    beside = Samples("httpx + json()", tuple(bare))
    return [Finding("client call", "ms", Samples("cc_api_client", tuple(ours)), beside, CLIENT_BUDGET)]


def _with_drafts_of_its_own(setting: Setting) -> contextlib.AbstractContextManager[Backend]:
    """A queue that nobody else measures: what is decided is gone."""
    return simulated_backend(setting.folder() / "decided.db", approvals=DECIDED_AMONG)


def _lowest_of(rows: list[str], others: list[str]) -> str:
    """A pattern for the lowest words above the bars that are on this screen and not on the other."""
    lowest = next(row for row in reversed(rows[:-2]) if row.strip() and row.strip()[:_WORDS] not in "\n".join(others))
    return re.escape(lowest.strip()[:_WORDS])


def _sync_ms(setting: Setting) -> float:
    """One small write that is on the disk, where journals are."""
    with (setting.folder() / "sync").open("ab") as file:
        file.write(b"a decision" * 20)
        file.flush()
        began = time.perf_counter()
        os.fsync(file.fileno())
        return (time.perf_counter() - began) * 1000


async def _calls(backend: Backend, times: int) -> tuple[list[float], list[float]]:
    client = CommandCenterClient(backend.url, backend.api_key)
    headers = {"X-API-Key": backend.api_key}
    ours, bare = [], []
    async with httpx.AsyncClient(base_url=backend.url, headers=headers, trust_env=False) as http:

        async def ask_bare(limit: int) -> object:
            return (await http.get("/api/approvals", params={"status": "pending", "limit": limit})).json()

        async def ask_ours(limit: int) -> object:
            return await client.approvals.list(status="pending", limit=limit)

        for number in range(times):
            limit = 20 + number % 64  # another page each time: one that is known would be answered by a 304
            bare.append(await _ms(ask_bare, limit))
            ours.append(await _ms(ask_ours, limit))
    await client.aclose()
    return ours, bare


async def _ms(call: Callable[[int], Awaitable[object]], limit: int) -> float:
    began = time.perf_counter()
    await call(limit)
    return (time.perf_counter() - began) * 1000
