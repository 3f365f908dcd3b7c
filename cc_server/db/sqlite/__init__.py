"""SQLite: one file, one server process, one writer thread, a few readers."""
