"""Frames as Textual writes them, drawn at random: for tests of what becomes of them."""

from __future__ import annotations

from hypothesis import Phase, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

COLS, ROWS = 24, 9
COLORS = ["#cfd4da", "#101316", "#8fb4ff", "red", "bright_blue", "color(200)", "default"]
CONSOLE = Console(force_terminal=True, color_system="truecolor", width=COLS)

styles = st.builds(
    Style,
    color=st.sampled_from([None, *COLORS]),
    bgcolor=st.sampled_from([None, *COLORS]),
    bold=st.booleans(),
    dim=st.booleans(),
    italic=st.booleans(),
    underline=st.booleans(),
    reverse=st.booleans(),
    strike=st.booleans(),
)
plain_styles = st.sampled_from([Style(), Style(color="#cfd4da", bgcolor="#101316"), Style(bgcolor="#101316")])
texts = st.text(st.sampled_from("ab       ▌─é漢字✓m;[0"), min_size=1, max_size=12) | st.just("e\u0301x")
segments = st.tuples(texts, styles | plain_styles).map(lambda told: Segment(*told))
lines = st.lists(segments, min_size=1, max_size=6)
spans = st.tuples(st.integers(1, ROWS), st.integers(1, 8), lines)
partial_frames = st.lists(spans, min_size=1, max_size=6)
full_frames = st.lists(lines, min_size=ROWS, max_size=ROWS).map(
    lambda rows: [(row, 1, filled(line)) for row, line in enumerate(rows, 1)]
)
quick = settings(deadline=None, max_examples=60, phases=[Phase.explicit, Phase.reuse, Phase.generate])
"""Without shrinking: a frame is made of hundreds of draws."""
Frame = list[tuple[int, int, list[Segment]]]


def filled(line: list[Segment]) -> list[Segment]:
    """A line with blanks to the edge, in the style it ends in."""
    return [*line, Segment(" " * (COLS - sum(cell_len(one.text) for one in line)), line[-1].style)]


def written(frame: Frame) -> str:
    """A frame as Textual writes it: each span behind a move."""
    spans = sorted(frame, key=lambda span: span[0])
    last = spans[-1][0]
    return "".join(
        f"\x1b[{row};{column}H" + Strip(line).crop(0, COLS - column + 1).render(CONSOLE) + ("\n" if row != last else "")
        for row, column, line in spans
    )
