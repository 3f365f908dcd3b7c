"""Where lines become what Textual paints."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from cc_tui.text.signs import in_ascii
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line


def strip_of(line: Line, width: int, look: Look, override: Token | None = None) -> Strip:
    """A line as Textual paints it; `override` draws all of it in one token (a tab under a sheet)."""
    segments: list[Segment] = []
    for text, token in line.pieces(width):
        shown = in_ascii(text) if look.signs.is_ascii and not text.isascii() else text
        _put(segments, shown, look.style(override or token, line.ground))
    return Strip(segments, width)


def _put(segments: list[Segment], text: str, style: Style) -> None:
    """Add text, to the last segment where that looks the same: each change of style is some 36 bytes on the line."""
    if segments:
        before, before_style, _control = segments[-1]
        if before_style is not None and (before_style == style or _is_blank(text, style, before_style)):
            segments[-1] = Segment(before + text, before_style)
            return
        if before_style is not None and _is_blank(before, before_style, style):
            segments[-1] = Segment(before + text, style)
            return
    segments.append(Segment(text, style))


def _is_blank(text: str, style: Style, other: Style) -> bool:
    """Whether blanks look the same in either style: only the ground of a blank is seen."""
    if not text.isspace() or style.bgcolor != other.bgcolor:
        return False
    return not (style.underline or style.reverse or other.underline or other.reverse)
