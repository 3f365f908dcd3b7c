"""The installation: who a key is, how the server is, its keys and its audit trail."""
