"""Many approvals at once: the list of a dry run, and what is decided by it."""
