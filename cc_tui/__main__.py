"""The entry of `cc-tui`: the app at once when only its options are given, the command line's program otherwise."""

from __future__ import annotations

import sys

INTERRUPTED = 130
"""The exit code of a program that ^c has ended (128 + SIGINT)."""


def main() -> None:
    """Run what the shell typed, and end the process with its exit code."""
    try:
        _run(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _run(arguments: list[str]) -> None:
    if arguments == ["--version"]:
        from cc_tui.cli import VERSION

        sys.stdout.write(f"cc-tui {VERSION}\n")
        return
    from cc_tui.cli.options import read_app_options

    options = read_app_options(arguments)
    if options is not None:
        from cc_tui.cli.launch import launch_app

        sys.exit(launch_app(options))
    from cc_tui.cli.program import program

    program(prog_name="cc-tui")


if __name__ == "__main__":
    main()
