"""Migrations, oldest first; only loaded where a database is older than this program."""
