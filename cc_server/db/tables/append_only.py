"""What keeps the audit trail append-only inside the database: triggers that refuse everything but a new last row.

They stop mistakes and whoever may write to the tables; who owns the database can drop them, which the seals then show.
"""

from __future__ import annotations

_SENTENCE = "the audit trail is append-only"

APPEND_ONLY: dict[str, tuple[str, ...]] = {
    "sqlite": (
        f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, '{_SENTENCE}'); END",
        f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, '{_SENTENCE}'); END",
        "CREATE TRIGGER audit_only_last BEFORE INSERT ON audit WHEN NEW.seq <= (SELECT max(seq) FROM audit) "  # noqa: S608 - constants
        f"BEGIN SELECT RAISE(ABORT, '{_SENTENCE}'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN RAISE EXCEPTION '{_SENTENCE}'; END$$",
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()",
        "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()",
    ),
}
"""By dialect: the statements that guard the table `audit`."""
