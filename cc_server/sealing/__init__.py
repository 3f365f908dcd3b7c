"""How the audit trail is sealed: a key outside the database, a chain of seals, and an anchor of its head in a file."""
