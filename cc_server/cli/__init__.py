"""What a shell types: the commands of `cc-server`."""
