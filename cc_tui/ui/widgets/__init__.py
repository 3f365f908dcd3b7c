"""The parts screens are made of: lines, the table, the pane, charts."""
