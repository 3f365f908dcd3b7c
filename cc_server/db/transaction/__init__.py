"""One unit of work in one transaction: its savepoint, its locks, what is left for its end, what is told after it."""
