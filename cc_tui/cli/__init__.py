"""What a shell types. Loads nothing it does not need: the app starts without typer, `--version` without anything."""

VERSION = "0.1.0"
