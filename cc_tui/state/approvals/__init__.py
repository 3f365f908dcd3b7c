"""Approvals as they are known: rows, the store of them, and what each view shows."""
