"""Colours by role, as data."""
