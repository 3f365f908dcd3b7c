"""The tables of the first migration, as they were then: they change no more."""
