"""Somebody else at the same server: speaks to it by plain HTTP, so that our own client's faults can't hide.

Only what tests and benchmarks need of the contract; answers are the wire's own dictionaries.
"""

from __future__ import annotations

import uuid
from types import TracebackType
from typing import Any, Self

import httpx

from rig.pty_app import Backend


class DirectApi:
    """One key at one server.

    Args:
        api_key: Another key than the one the server printed when it was ready.

    Every call raises httpx.HTTPStatusError when the server refuses.
    """

    def __init__(self, backend: Backend, api_key: str | None = None) -> None:
        self._http = httpx.Client(
            base_url=backend.url, headers={"X-API-Key": api_key or backend.api_key}, timeout=60.0, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, **query: str | int) -> Any:
        """The JSON of a GET."""
        return self._http.get(path, params=query).raise_for_status().json()

    def approvals(self, limit: int = 100, **query: str | int) -> list[dict[str, Any]]:
        """Approvals, pending ones unless `query` says otherwise, the first page."""
        items: list[dict[str, Any]] = self.get("/api/approvals", limit=limit, **query)["items"]
        return items

    def approval(self, approval_id: str) -> dict[str, Any]:
        """One approval, whole."""
        found: dict[str, Any] = self.get(f"/api/approvals/{approval_id}")
        return found

    def edit(self, approval: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Edit a pending approval; what it became."""
        edited: dict[str, Any] = self._act("PATCH", f"/api/approvals/{approval['id']}", approval["version"], changes)
        return edited

    def approve(self, approval: dict[str, Any]) -> dict[str, Any]:
        """Approve the version that `approval` shows; what it became."""
        body = {"payload_sha256": approval["payload_sha256"]}
        return self._decided(self._act("POST", f"/api/approvals/{approval['id']}/approve", approval["version"], body))

    def reject(self, approval: dict[str, Any], reason_code: str = "tone") -> dict[str, Any]:
        """Reject the version that `approval` shows; what it became."""
        body = {"reason_code": reason_code}
        return self._decided(self._act("POST", f"/api/approvals/{approval['id']}/reject", approval["version"], body))

    def agent(self, name: str) -> dict[str, Any]:
        """One agent."""
        found: dict[str, Any] = self.get(f"/api/agents/{name}")
        return found

    def _act(self, method: str, path: str, version: int, body: dict[str, Any]) -> Any:
        headers = {"If-Match": f'"{version}"', "Idempotency-Key": str(uuid.uuid4())}
        return self._http.request(method, path, json=body, headers=headers).raise_for_status().json()

    def _decided(self, answer: dict[str, Any]) -> dict[str, Any]:
        item: dict[str, Any] = answer["item"]
        return item

    def hand_in_lead(self, client_id: str, **lead: str) -> dict[str, Any]:
        """A lead as a form hands it in; what became of it."""
        answer = self._http.post("/webhook/lead", json=lead, headers={"X-Client-Id": client_id})
        taken: dict[str, Any] = answer.raise_for_status().json()
        return taken
