"""The Agents tab: who works, at what price, why one does not; logs, charts, one agent whole."""
