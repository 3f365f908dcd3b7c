"""What a shell types: `cc-server init`, `keys`, `run`, `simulate`."""
