"""Sheets from below: help, palette, log, questions."""
