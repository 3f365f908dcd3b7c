"""What agents want to send: approvals and deliveries, batches, the policy, and whom nobody writes to."""
