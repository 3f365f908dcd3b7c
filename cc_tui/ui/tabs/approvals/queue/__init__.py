"""The list on the left of Approvals, drawn: its views, its rows, and what stands there when it is empty."""
