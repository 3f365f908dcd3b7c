"""The client's batches as the sender speaks of them: a kept batch becomes a commit of exactly its items."""

from __future__ import annotations

from cc_api_client.models.outbox.batches import BatchAction, BatchItem, BatchResult
from cc_api_client.resources.batches import Batches
from cc_tui.decisions.batches import Batch


class ClientBatches:
    """Sends batches through the client."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches

    async def commit(self, batch: Batch) -> BatchResult:
        """Do what the batch says, under its own key."""
        reason = batch.reason
        return await self._batches.commit(
            BatchAction(batch.action),
            [BatchItem(id=one.approval_id, version=one.version, payload_sha256=one.payload_sha256)
             for one in batch.items],
            selection_sha256=batch.selection_sha256,
            policy_version=batch.policy_version,
            idempotency_key=batch.key,
            reason_code=reason.code if reason is not None else None,
            reason=reason.words if reason is not None else None,
        )  # fmt: skip

    async def undo(self, batch_id: str, idempotency_key: str) -> BatchResult:
        """Take it back."""
        return await self._batches.undo(batch_id, idempotency_key=idempotency_key)
