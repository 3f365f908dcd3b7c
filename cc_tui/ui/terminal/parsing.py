"""Textual's parser of what a terminal sends, with a shorter memory.

It keeps the last 1,024 sequences that might have been keys. Each question of the guard is answered by another sequence,
and by each beginning of it: within an hour they fill a quarter of a megabyte, and none of them comes again soon.
"""

from __future__ import annotations

from functools import lru_cache

from textual._xterm_parser import XTermParser

KEYS_REMEMBERED = 64


class KeyParser(XTermParser):
    """The same, for as many sequences as there are keys in use."""

    _parse_extended_key = lru_cache(maxsize=KEYS_REMEMBERED)(XTermParser._parse_extended_key.__wrapped__)
