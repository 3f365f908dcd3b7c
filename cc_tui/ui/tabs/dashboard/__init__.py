"""The Dashboard tab: what waits and what is wrong, the figures of the business, the newest runs."""
