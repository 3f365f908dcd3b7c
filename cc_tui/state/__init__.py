"""What is known: plain stores of rows, counts and conditions. No Textual, no I/O; only `sync` and `decisions` write."""
