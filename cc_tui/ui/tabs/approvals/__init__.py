"""The Approvals tab: the queue, the draft, and a person's word."""
