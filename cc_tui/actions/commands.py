"""Commands: everything but approve and reject that changes something on the server.

Neither journaled nor guarded: the intake takes the answer over, so the screen shows what the server confirmed. A
command that fails says so and is not repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cc_api_client.client import CommandCenterClient
    from cc_api_client.models.outbox.approvals import Approval, ApprovalEdit, Delivery
    from cc_api_client.models.outbox.batches import BatchAction, BatchPlan
    from cc_api_client.models.work.agents import Agent
    from cc_tui.sync.intake import Intake


class Commands:
    """Sends commands, one idempotency key each.

    Every method raises `CommandCenterError` when the server did not do it.
    """

    def __init__(self, client: CommandCenterClient, intake: Intake, new_key: Callable[[], str]) -> None:
        self._client = client
        self._intake = intake
        self._new_key = new_key

    async def plan_batch(
        self,
        action: BatchAction,
        *,
        ids: Sequence[str] | None = None,
        matching: Mapping[str, str] | None = None,
        reason_code: str | None = None,
        reason: str | None = None,
    ) -> BatchPlan:
        """What a batch would do; nothing is done."""
        return await self._client.batches.plan(
            action, ids=ids, matching=matching, reason_code=reason_code, reason=reason
        )  # fmt: skip

    async def pause(self, agent_id: str, reason: str | None = None) -> Agent:
        """Pause an agent, or give a reason for its pause; returns it as the server has it."""
        answer = await self._client.agents.pause(agent_id, reason, idempotency_key=self._new_key())
        self._intake.take_agent(answer.item)
        return answer.item

    async def resume(self, agent_id: str) -> Agent:
        """Resume an agent; returns it as the server has it."""
        answer = await self._client.agents.resume(agent_id, idempotency_key=self._new_key())
        self._intake.take_agent(answer.item)
        return answer.item

    async def settle(self, delivery_id: str, outcome: str, note: str, version: int) -> Delivery:
        """Say what became of a delivery that is unknown: `sent`, `not_sent` or `failed`."""
        answer = await self._client.deliveries.resolve(
            delivery_id, outcome, note, version=version, idempotency_key=self._new_key()
        )
        self._intake.take_delivery(answer.item)
        return answer.item

    async def retry(self, delivery_id: str, version: int) -> Delivery:
        """Have a delivery that failed tried again."""
        answer = await self._client.deliveries.retry(delivery_id, version=version, idempotency_key=self._new_key())
        self._intake.take_delivery(answer.item)
        return answer.item

    async def edit(self, approval_id: str, changes: ApprovalEdit, version: int) -> Approval:
        """Change a draft that was read at `version`; returns it as the server has it.

        Raises:
            VersionConflict: it has another version by now; the intake takes over what it is.
        """
        from cc_api_client.errors import VersionConflict

        try:
            approval = await self._client.approvals.edit(
                approval_id, changes, version=version, idempotency_key=self._new_key()
            )
        except VersionConflict as error:
            if error.item is not None:
                self._intake.take_approval(error.item)
            raise
        self._intake.take_approval(approval)
        return approval
