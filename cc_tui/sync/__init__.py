"""Keeps the state true: polls and stream as one thing, and the link's own state. No Textual."""
