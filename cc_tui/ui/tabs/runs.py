"""Runs: the rows of their table, and one run whole. Pure drawing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from cc_tui.text.fit import cut_address
from cc_tui.text.formats import age, clock_seconds, count, run_cost, took
from cc_tui.text.safe import SafeText, safe_line, safe_lines
from cc_tui.ui.tabs.facts import Fact, fact_lines
from cc_tui.ui.tabs.sorting import SortBy, Sorting
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.charts import section
from cc_tui.ui.widgets.columns import Cell, Column, header_line, row_line, that_fit
from cc_tui.ui.widgets.line import Line, Piece
from cc_tui.ui.widgets.shape import NARROW_FROM, Shape, margin_of

if TYPE_CHECKING:
    from cc_api_client.models.work.runs import Run, RunStep

SHORT_ID = 4
"""So much of an id's end tells runs apart: it begins with the moment, which runs of some weeks share."""
GAP = 2
"""Cells between two columns: a row has eight of them, and closer they run into one another."""
_COLUMNS = (
    Column("run", "Run", 4, dropped=3),
    Column("agent", "Agent", 14, dropped=5),
    Column("lead", "Lead", 22, grows=True),
    Column("status", "Status", 9),
    Column("step", "Last step", 25, dropped=2),
    Column("tokens", "Tokens", 7, is_figure=True, dropped=1),
    Column("cost", "Cost", 7, is_figure=True),
    Column("took", "Took", 6, is_figure=True, dropped=4),
    Column("ago", "Ago", 4, is_figure=True),
)


def short_id(run_id: str) -> SafeText:
    """What a run is called where there is no room for its id: how that ends."""
    return safe_line(run_id[-SHORT_ID:])


def status_pieces(status: str, look: Look) -> list[Piece]:
    """A run's state with its sign; only what went wrong colours the word too."""
    signs = look.signs
    sign, token = {
        "success": (signs.safe, Token.OK),
        "failed": (signs.rejected, Token.BAD),
        "killed": (signs.warn, Token.WARN),
        "skipped": (signs.none, Token.DIM),
        "running": (signs.up, Token.TEXT),
    }.get(status, (signs.dot, Token.DIM))
    word = token if token in (Token.BAD, Token.WARN) else Token.DIM if token is Token.DIM else Token.TEXT
    return [(SafeText(f"{sign} "), token), (safe_line(status), word)]


def last_step(run: Run) -> SafeText:
    """What came of it, in a few words."""
    return safe_line(run.error_message or run.decision_path or "")


def sort_choices() -> dict[str, SortBy[Run]]:
    """What a list of runs can be sorted by, by the letter after `s`."""
    return {
        "c": SortBy("cost", "cost", lambda run: run.cost_estimate_usd, is_descending=True),
        "s": SortBy("status", "status", lambda run: str(run.status)),
        "n": SortBy("newest", "ago", lambda run: run.started_at, is_descending=True),
        "a": SortBy("agent", "agent", lambda run: run.agent_name or run.automation_name or ""),
        "d": SortBy("duration", "took", lambda run: run.duration_ms, is_descending=True),
        "t": SortBy("tokens", "tokens", _tokens, is_descending=True),
        "l": SortBy("lead", "lead", lambda run: run.lead_email),
    }


def _tokens(run: Run) -> int | None:
    return (run.llm_tokens_in or 0) + (run.llm_tokens_out or 0) or None


class RunRows:
    """Runs as the source of a table.

    Args:
        look: colours and signs.
        runs: the runs, newest first.
        now: the server's time in seconds.
        empty: what stands there without any.
        of_one_agent: whether all are of one agent, so that it need not be named in each row.
    """

    def __init__(
        self,
        look: Look,
        runs: Callable[[], Sequence[Run]],
        now: Callable[[], float],
        empty: Callable[[int, int], Sequence[Line]],
        *,
        of_one_agent: bool = False,
    ) -> None:
        self.row_height = 1
        self.shape = Shape.WIDE
        self.sorting = Sorting(sort_choices())
        self._look = look
        self._told = runs
        self._now = now
        self._empty = empty
        self._columns = [column for column in _COLUMNS if not of_one_agent or column.id != "agent"]
        self._of_one_agent = of_one_agent
        self._sorted: tuple[object, tuple[str, bool], list[Run]] | None = None

    def _runs(self) -> list[Run]:
        """The runs in order, sorted once for each answer and each choice."""
        told, order = self._told(), (self.sorting.column, self.sorting.is_descending)
        if self._sorted is None or self._sorted[0] is not told or self._sorted[1] != order:
            self._sorted = (told, order, self.sorting.of(told))
        return self._sorted[2]

    def run_of(self, run_id: str | None) -> Run | None:
        """One of them."""
        return next((run for run in self._runs() if run.id == run_id), None)

    def reshape(self, shape: Shape) -> None:
        """Another form."""
        self.shape = shape
        self.row_height = 2 if shape is Shape.PHONE else 1

    def count(self) -> int:
        """How many there are."""
        return len(self._runs())

    def key_at(self, place: int) -> str:
        """The id of one."""
        return self._runs()[place].id

    def place_of(self, key: str) -> int | None:
        """Where one stands."""
        return next((place for place, run in enumerate(self._runs()) if run.id == key), None)

    def row_lines(self, place: int, width: int, *, is_cursor: bool) -> Sequence[Line]:
        """One run; the cursor's cell is put before it."""
        run = self._runs()[place]
        values = self._values(run, width, is_cursor=is_cursor)
        margin = margin_of(width)
        if self.shape is Shape.PHONE:
            return self._two_lines(run, values, width, is_cursor=is_cursor)
        return [row_line(self._fitting(width), values, Line().add(" " * (margin - 1)), GAP)]

    def _two_lines(self, run: Run, values: Mapping[str, Cell], width: int, *, is_cursor: bool) -> list[Line]:
        """Lead and cost; status, and the agent or the last step, and how long ago."""
        upper = Line().extend([(_lead(run, width - 12), Token.STRONG if is_cursor else Token.TEXT)])
        upper.end(run_cost(run.cost_estimate_usd)).end(" ")
        lower = Line().extend(status_pieces(str(run.status), self._look))
        about = last_step(run) if self._of_one_agent else _agent(run)
        lower.add(f" {self._look.signs.dot} {about}" if about else "", Token.DIM)
        lower.right = [_one(values["ago"]), (SafeText(" "), Token.TEXT)]
        return [upper, lower]

    def header(self, width: int) -> Line | None:
        """The titles."""
        if self.shape is Shape.PHONE:
            return None
        signs = self._look.signs
        arrow = signs.descending if self.sorting.is_descending else signs.ascending
        return header_line(self._fitting(width), margin_of(width), GAP, sorted_by=self.sorting.column, arrow=arrow)

    def footer(self, width: int) -> Line | None:
        """None."""
        del width
        return None

    def empty(self, width: int, height: int) -> Sequence[Line]:
        """What stands there without runs."""
        return self._empty(width, height)

    def _fitting(self, width: int) -> list[tuple[Column, int]]:
        return that_fit(self._columns, width - 2 * margin_of(width), GAP)

    def _values(self, run: Run, width: int, *, is_cursor: bool) -> dict[str, Cell]:
        began = run.started_at
        tokens = _tokens(run)
        room = next((wide for column, wide in self._fitting(width) if column.id == "lead"), 32)
        name = Token.STRONG if is_cursor else Token.TEXT
        return {
            "run": (short_id(run.id), Token.DIM),
            "agent": (_agent(run), name),
            "lead": (_lead(run, room), name if self._of_one_agent else Token.TEXT),
            "status": status_pieces(str(run.status), self._look),
            "step": (last_step(run), Token.DIM),
            "tokens": (count(tokens) if tokens else SafeText("–"), Token.DIM),
            "cost": (run_cost(run.cost_estimate_usd), Token.TEXT),
            "took": (took(run.duration_ms), Token.TEXT),
            "ago": (age(self._now() - began.timestamp()) if began is not None else SafeText("–"), Token.DIM),
        }  # fmt: skip


def _agent(run: Run) -> SafeText:
    return safe_line(run.agent_name or run.automation_name or "")


def _lead(run: Run, room: int) -> SafeText:
    return cut_address(safe_line(run.lead_email or "–"), room)


def _one(cell: Cell) -> Piece:
    return cell[0] if isinstance(cell, list) else cell


def run_lines(run: Run, width: int, look: Look) -> list[Line]:
    """One run whole: facts, error, steps."""
    margin = margin_of(width)
    status = status_pieces(str(run.status), look)
    facts = [
        Fact("Agent", safe_line(run.agent_name or "–")),
        Fact("Status", SafeText("".join(text for text, _token in status)), status[1][1]),
        Fact("Lead", safe_line(run.lead_email or "–")),
        Fact("Cost", run_cost(run.cost_estimate_usd)),
        Fact("Model", safe_line(run.llm_model or "–")),
        Fact("Tokens", SafeText(f"{count(run.llm_tokens_in)} in, {count(run.llm_tokens_out)} out")),
        Fact("Began", clock_seconds(run.started_at)),
        Fact("Took", took(run.duration_ms)),
    ]
    title = Line().add(" " * margin).add(f"Run {safe_line(run.id[-2 * SHORT_ID :])}", Token.STRONG)
    if width >= NARROW_FROM:
        title.end("esc", Token.STRONG).end(" back", Token.DIM).end(" " * margin)
    lines = [title, Line()]
    lines += fact_lines(facts, width, margin)
    if run.error_message:
        wrapped = safe_lines(run.error_message, max(8, width - 2 * margin - 2))
        signs = [f"{look.signs.block} ", *["  "] * len(wrapped)]
        lines += [Line(), *(Line().add(" " * margin + sign, Token.BAD).add(one.text, Token.BAD)
                            for sign, one in zip(signs, wrapped, strict=False))]  # fmt: skip
    lines += [Line(), section([(SafeText("Steps"), Token.DIM)], [], width, look, margin=margin)]
    if not run.steps:
        lines.append(Line().add(" " * margin).add("the agent told no steps of this run", Token.DIM))
    return [*lines, *(_step_line(step, width, margin, look) for step in run.steps)]


def _step_line(step: RunStep, width: int, margin: int, look: Look) -> Line:
    """One step: its sign, its name, what came of it, how long it took."""
    is_ok = step.status == "ok"
    sign, token = (look.signs.safe, Token.OK) if is_ok else (look.signs.rejected, Token.BAD)
    line = Line().add(" " * margin).add(f"{sign} ", token)
    line.add(safe_line(step.step), Token.TEXT if is_ok else Token.BAD).to(margin + (24 if width >= NARROW_FROM else 14))
    line.add(safe_line(step.detail or step.status), Token.DIM)
    return line.end(took(step.duration_ms), Token.DIM).end(" " * margin)
