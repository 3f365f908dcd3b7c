"""How things look in this terminal: one palette and one table of signs, chosen once at start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.style import Style

from cc_tui.text.signs import Signs, signs_for
from cc_tui.ui.themes.tokens import DARK, MONO, PALETTES, SIXTEEN, Ground, Palette, Token


@dataclass(frozen=True, slots=True)
class Look:
    """A palette and the signs; styles are looked up by token and ground."""

    palette: Palette
    signs: Signs
    _styles: dict[tuple[Token, Ground], Style] = field(default_factory=dict, repr=False, compare=False)

    def style(self, token: Token, ground: Ground = Ground.BG) -> Style:
        """The style of `token` on `ground`; a span keeps its own background."""
        key = (token, ground)
        style = self._styles.get(key)
        if style is None:
            own = self.palette.styles[token]
            colour = self.palette.grounds[ground]
            style = own if own.bgcolor is not None or colour is None else own + Style(bgcolor=colour)
            self._styles[key] = style
        return style


def choose_look(theme: str, ascii_only: bool, environment: Mapping[str, str]) -> Look:
    """The look for a terminal.

    Args:
        theme: `auto`, or the name of a palette (`dark`, `light`, `16`, `16-light`, `mono`).
        ascii_only: no signs outside ASCII.
        environment: `NO_COLOR` turns colour off whatever the theme; `TERM` says how many colours there are.
    """
    signs = signs_for(ascii_only)
    if environment.get("NO_COLOR"):
        return Look(MONO, signs)
    if theme in PALETTES:
        return Look(PALETTES[theme], signs)
    term = environment.get("TERM", "")
    if environment.get("COLORTERM") in ("truecolor", "24bit") or "256color" in term or "direct" in term:
        return Look(DARK, signs)
    if term in ("", "dumb", "vt100", "vt220"):
        return Look(MONO, signs)
    return Look(SIXTEEN, signs)
