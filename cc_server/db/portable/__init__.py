"""SQL that means the same on SQLite and PostgreSQL: types of columns, upserts, updates of whichever columns change."""
