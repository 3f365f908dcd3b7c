"""The outbox: approvals, a person's word on them, and the deliveries that follow (contract, section 5)."""
