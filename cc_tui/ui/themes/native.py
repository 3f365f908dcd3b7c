"""What Textual's own parts (inputs) need of our palette."""

from __future__ import annotations

from textual.theme import Theme

from cc_tui.ui.themes.tokens import Ground, Palette, Token

_NATIVE_VARIABLES = {
    "ansi-background": "ansi_default",
    "ansi-foreground": "ansi_default",
    "border-blurred": "ansi_default",
    "block-cursor-foreground": "ansi_default",
    "block-cursor-background": "ansi_default",
    "input-cursor-text-style": "reverse",
    "input-cursor-background": "ansi_default",
    "input-cursor-foreground": "ansi_default",
}
"""What Textual's own style sheets ask of a theme of the terminal's colours."""


def theme_name(palette: Palette) -> str:
    """The palette's name as Textual knows it."""
    return palette.name if palette.name != "16" else "cc-16"


def theme_of(palette: Palette) -> Theme:
    """The palette as a theme of Textual's."""
    native = palette.is_native
    text, accent = palette.styles[Token.TEXT].color, palette.styles[Token.ACCENT].color
    return Theme(
        name=theme_name(palette),
        primary="ansi_default" if native or accent is None else accent.name,
        foreground="ansi_default" if native or text is None else text.name,
        background="ansi_default" if native else palette.grounds[Ground.BG] or "ansi_default",
        surface="ansi_default" if native else palette.grounds[Ground.RAISED] or "ansi_default",
        panel="ansi_default" if native else palette.grounds[Ground.RAISED] or "ansi_default",
        dark=palette.is_dark,
        ansi=native,
        variables=dict(_NATIVE_VARIABLES) if native else {},
    )
