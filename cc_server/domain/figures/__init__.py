"""Figures for people and for monitors, put together from what the other rooms count."""
