"""The files and pages for a browser, and the policy they are served under.

Nothing on a page comes from the database, nothing from another origin, and no script or style stands inline.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_MEDIA_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Page:
    """What a browser is given."""

    content: bytes
    media_type: str


@lru_cache(maxsize=8)
def page(name: str) -> Page:
    """One of our own files.

    Raises:
        FileNotFoundError: there is none of that name.
    """
    file = _HERE / name
    return Page(file.read_bytes(), _MEDIA_TYPES[file.suffix])


def problem_page(code: str, status: int, title: str, meaning: str) -> Page:
    """What a problem's `type` leads to."""
    text = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n"
        '<link rel="stylesheet" href="/dashboard.css">\n</head>\n<body>\n'
        f'<main class="explained">\n<h1>{escape(title)}</h1>\n<p>{escape(meaning)}</p>\n'
        f"<p>HTTP {status}, code <code>{escape(code)}</code></p>\n</main>\n</body>\n</html>\n"
    )
    return Page(text.encode(), "text/html")
