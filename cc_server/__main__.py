"""`cc-server`: loads nothing it does not need, and names the extra when its dependencies are missing."""

from __future__ import annotations

import sys

_EXTRA = frozenset({"fastapi", "starlette", "uvicorn", "sqlalchemy", "alembic", "aiosmtplib", "rfc8785", "httptools"})
_USAGE = 2


def main() -> int:
    """Run `cc-server`; the exit code."""
    try:
        from cc_server.cli.main import main as run

        return run(sys.argv[1:])
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        sys.stderr.write(f"cc-server: {error.name} is not installed; where the source is: pip install '.[server]'\n")
        return _USAGE


if __name__ == "__main__":
    sys.exit(main())
