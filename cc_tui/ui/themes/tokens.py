"""The colour roles and their palettes, as data. The contrasts of the truecolor palettes are those the look computed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rich.style import Style


class Token(StrEnum):
    """What a piece of text is, not how it looks."""

    TEXT = "text"
    STRONG = "strong"
    DIM = "dim"
    ACCENT = "accent"
    ACCENT_STRONG = "accent-strong"
    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    WARN_STRONG = "warn-strong"
    BAD_STRONG = "bad-strong"
    WARN_SPAN = "warn-span"
    BAD_SPAN = "bad-span"
    BAR = "bar"
    FAINT = "faint"
    RULE = "rule"
    TAB = "tab"
    FOCUSED = "focused"
    STOPPED = "stopped"


class Ground(StrEnum):
    """What a line is drawn on."""

    BG = "bg"
    RAISED = "raised"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Palette:
    """Styles by token, and backgrounds by ground (None: the terminal's own)."""

    name: str
    styles: dict[Token, Style]
    grounds: dict[Ground, str | None]
    is_dark: bool = True
    is_native: bool = False
    """Whether the terminal's own 16 colours are used, so that nothing may be converted."""


def _true_colour(name: str, colours: dict[str, str], is_dark: bool) -> Palette:
    """A palette of hex colours."""

    def style(colour: str, *, bold: bool = False, on: str | None = None) -> Style:
        return Style(color=colours[colour], bold=bold, bgcolor=colours[on] if on else None)

    styles = {
        Token.TEXT: style("text"),
        Token.STRONG: style("strong", bold=True),
        Token.DIM: style("dim"),
        Token.ACCENT: style("accent"),
        Token.ACCENT_STRONG: style("accent", bold=True),
        Token.OK: style("ok"),
        Token.WARN: style("warn"),
        Token.BAD: style("bad"),
        Token.WARN_STRONG: style("warn", bold=True),
        Token.BAD_STRONG: style("bad", bold=True),
        Token.WARN_SPAN: style("strong", bold=True, on="warnbg"),
        Token.BAD_SPAN: style("strong", bold=True, on="badbg"),
        Token.BAR: style("bar"),
        Token.FAINT: style("faint"),
        Token.RULE: style("rule"),
        Token.TAB: style("accent", bold=True),
        Token.FOCUSED: style("strong", on="focus"),
        Token.STOPPED: style("strong", bold=True),
    }
    grounds: dict[Ground, str | None] = {
        Ground.BG: colours["bg"],
        Ground.RAISED: colours["raised"],
        Ground.STOPPED: colours["badbg"],
    }
    return Palette(name, styles, grounds, is_dark)


DARK = _true_colour(
    "dark",
    {
        "bg": "#101316",
        "raised": "#1A1E23",
        "text": "#CFD4DA",
        "strong": "#F3F5F7",
        "dim": "#8A929B",
        "accent": "#8FB4FF",
        "ok": "#4FC3A8",
        "warn": "#EBBC57",
        "bad": "#FF7578",
        "warnbg": "#3B3014",
        "badbg": "#48221F",
        "bar": "#66727F",
        "faint": "#5A626B",
        "rule": "#30363D",
        "focus": "#22304D",
    },
    is_dark=True,
)
LIGHT = _true_colour(
    "light",
    {
        "bg": "#FCFCFA",
        "raised": "#F0F0EC",
        "text": "#2B3036",
        "strong": "#0B0E11",
        "dim": "#626A73",
        "accent": "#2257C9",
        "ok": "#00706B",
        "warn": "#8F6400",
        "bad": "#A8133F",
        "warnbg": "#FAE9BF",
        "badbg": "#FADDE4",
        "bar": "#8792A0",
        "faint": "#868E96",
        "rule": "#D9DBD7",
        "focus": "#DCE6FB",
    },
    is_dark=False,
)


def _sixteen(name: str, accent: str, bad: str, is_dark: bool) -> Palette:
    """The terminal's own 16 colours on its own ground; never explicit black or white."""
    bold = Style(bold=True)
    dim = Style(dim=True)
    styles = {
        Token.TEXT: Style(),
        Token.STRONG: bold,
        Token.DIM: dim,
        Token.ACCENT: Style(color=accent),
        Token.ACCENT_STRONG: Style(color=accent, bold=True),
        Token.OK: Style(color="green"),
        Token.WARN: Style(color="yellow"),
        Token.BAD: Style(color=bad),
        Token.WARN_STRONG: Style(color="yellow", bold=True),
        Token.BAD_STRONG: Style(color=bad, bold=True),
        Token.WARN_SPAN: Style(bold=True, underline=True),
        Token.BAD_SPAN: Style(bold=True, underline=True),
        Token.BAR: Style(color="bright_black"),
        Token.FAINT: dim,
        Token.RULE: Style(color="bright_black"),
        Token.TAB: Style(color=accent, bold=True),
        Token.FOCUSED: Style(reverse=True),
        Token.STOPPED: Style(bold=True, reverse=True),
    }
    grounds: dict[Ground, str | None] = dict.fromkeys(Ground)
    return Palette(name, styles, grounds, is_dark, is_native=True)


SIXTEEN = _sixteen("16", "bright_cyan", "bright_red", is_dark=True)
SIXTEEN_LIGHT = _sixteen("16-light", "blue", "red", is_dark=False)


def _mono() -> Palette:
    """No colour codes at all: bold, dim, underline and reverse."""
    plain, bold, dim = Style(), Style(bold=True), Style(dim=True)
    spans = Style(bold=True, underline=True)
    styles = {
        Token.TEXT: plain,
        Token.STRONG: bold,
        Token.DIM: dim,
        Token.ACCENT: bold,
        Token.ACCENT_STRONG: bold,
        Token.OK: plain,
        Token.WARN: bold,
        Token.BAD: bold,
        Token.WARN_STRONG: bold,
        Token.BAD_STRONG: bold,
        Token.WARN_SPAN: spans,
        Token.BAD_SPAN: spans,
        Token.BAR: dim,
        Token.FAINT: dim,
        Token.RULE: dim,
        Token.TAB: Style(bold=True, reverse=True),
        Token.FOCUSED: Style(reverse=True),
        Token.STOPPED: Style(bold=True, reverse=True),
    }
    grounds: dict[Ground, str | None] = dict.fromkeys(Ground)
    return Palette("mono", styles, grounds, is_native=True)


MONO = _mono()
PALETTES = {palette.name: palette for palette in (DARK, LIGHT, SIXTEEN, SIXTEEN_LIGHT, MONO)}
