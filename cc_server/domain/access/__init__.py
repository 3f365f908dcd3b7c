"""Who may come in: API keys, and the clients that they are bound to."""
