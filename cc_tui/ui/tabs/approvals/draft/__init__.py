"""One draft as it is read: its lines, what stands below them, and the pane that knows what was painted."""
