"""What the tests ask the server with."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

from cc_api_client.client import CommandCenterClient
from cc_api_client.models.outbox.approvals import Approval
from rig.pty_app import CC_SERVER


class Keys(dict[str, str]):
    """A key for each role, made when it is first asked for, as an administrator makes one."""

    def __init__(self, database: Path) -> None:
        super().__init__()
        self._database = database

    def __missing__(self, role: str) -> str:
        made = subprocess.run(
            [CC_SERVER, "keys", "create", f"the {role}", "--role", role, "--db", str(self._database)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        self[role] = made.stdout.split()[-1]
        return self[role]


def key() -> str:
    return uuid4().hex


async def approve(client: CommandCenterClient, seen: Approval, under: str | None = None) -> Any:
    return await client.approvals.approve(
        seen.id, version=seen.version, payload_sha256=seen.payload_sha256 or "", idempotency_key=under or key()
    )
