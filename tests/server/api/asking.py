"""What the tests of the API ask with, and how they read a problem."""

from __future__ import annotations

from typing import Any

import httpx

from cc_api_client.models.outbox.approvals import Approval
from tests.server.serving import Api

NOBODY = "00000000-0000-4000-8000-000000000000"
MIB = 1024 * 1024


def path_of(approval: Approval, verb: str = "") -> str:
    return f"/api/approvals/{approval.id}" + (f"/{verb}" if verb else "")


def problem_of(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer, which must be whole."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.url
    document: dict[str, Any] = answer.json()
    assert document["code"] == code, document
    assert document["type"] == f"/problems/{code}"
    assert document["status"] == status
    assert document["title"]
    assert isinstance(document["detail"], str)
    assert document["instance"] == answer.headers["x-request-id"]
    return document


LEAD = {"name": "Maya Fischer", "email": "maya@clinic.example"}


async def epoch_of(api: Api) -> str:
    return str((await api.get("/api/me")).json()["epoch"])


async def position_of(api: Api) -> str:
    return str((await api.get("/api/approvals")).headers["x-event-seq"])
