"""The log of events, written in the transaction of each change, and the hub that serves it."""
