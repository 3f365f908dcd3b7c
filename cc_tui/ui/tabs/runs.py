"""Runs: the rows of their table, and one run whole. Pure drawing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cc_tui.text.fit import cut_address
from cc_tui.text.formats import age, clock_seconds, count, run_cost, took
from cc_tui.text.safe import SafeText, safe_line
from cc_tui.ui.tabs.facts import Fact, fact_lines
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.charts import section
from cc_tui.ui.widgets.columns import Column, header_line, row_line, that_fit
from cc_tui.ui.widgets.line import Line, Piece
from cc_tui.ui.widgets.shape import Shape, margin_of

if TYPE_CHECKING:
    from cc_api_client.models.runs import Run

SHORT_ID = 4
_COLUMNS = (
    Column("run", "Run", 4, dropped=3),
    Column("agent", "Agent", 14, dropped=5),
    Column("lead", "Lead", 21, grows=True),
    Column("status", "Status", 11),
    Column("step", "Last step", 24, dropped=2),
    Column("tokens", "Tokens", 7, is_figure=True, dropped=1),
    Column("cost", "Cost", 7, is_figure=True),
    Column("took", "Took", 6, is_figure=True, dropped=4),
    Column("ago", "Ago", 4, is_figure=True),
)


def status_piece(status: str, look: Look) -> Piece:
    """A run's state with its sign."""
    signs = look.signs
    sign, token = {
        "success": (signs.safe, Token.TEXT),
        "failed": (signs.rejected, Token.BAD),
        "killed": (signs.warn, Token.WARN),
        "skipped": (signs.none, Token.DIM),
        "running": (signs.up, Token.TEXT),
    }.get(status, (signs.dot, Token.DIM))
    return SafeText(f"{sign} {safe_line(status)}"), token


def last_step(run: Run) -> SafeText:
    """What came of it, in a few words."""
    return safe_line(run.error_message or run.decision_path or "")


class RunRows:
    """Runs as the source of a table.

    Args:
        look: colours and signs.
        runs: the runs, newest first.
        now: the server's time in seconds.
        empty: what stands there without any.
    """

    def __init__(
        self,
        look: Look,
        runs: Callable[[], Sequence[Run]],
        now: Callable[[], float],
        empty: Callable[[int, int], Sequence[Line]],
    ) -> None:
        self.row_height = 1
        self.shape = Shape.WIDE
        self._look = look
        self._runs = runs
        self._now = now
        self._empty = empty

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
        values = self._values(run, is_cursor=is_cursor)
        margin = margin_of(width)
        if self.shape is Shape.PHONE:
            status, token = values["status"]
            upper = Line().extend([(values["lead"][0], Token.STRONG if is_cursor else Token.TEXT)])
            upper.end(values["cost"][0]).end(" ")
            lower = Line().add(" ").add(status, token).add(f" {self._look.signs.dot} {values['agent'][0]}", Token.DIM)
            lower.end(values["ago"][0], Token.DIM).end(" ")
            return [upper, lower]
        return [row_line(self._fitting(width), values, Line().add(" " * (margin - 1)))]

    def header(self, width: int) -> Line | None:
        """The titles."""
        if self.shape is Shape.PHONE:
            return None
        return header_line(self._fitting(width), margin_of(width))

    def footer(self, width: int) -> Line | None:
        """None."""
        del width
        return None

    def empty(self, width: int, height: int) -> Sequence[Line]:
        """What stands there without runs."""
        return self._empty(width, height)

    @staticmethod
    def _fitting(width: int) -> list[tuple[Column, int]]:
        return that_fit(_COLUMNS, width - 2 * margin_of(width))

    def _values(self, run: Run, *, is_cursor: bool) -> dict[str, Piece]:
        began = run.started_at
        agent = safe_line(run.agent_name or run.automation_name or "")
        tokens = (run.llm_tokens_in or 0) + (run.llm_tokens_out or 0)
        return {
            "run": (safe_line(run.id[:SHORT_ID]), Token.DIM),
            "agent": (agent, Token.STRONG if is_cursor else Token.TEXT),
            "lead": (cut_address(safe_line(run.lead_email or "–"), 32), Token.TEXT),
            "status": status_piece(str(run.status), self._look),
            "step": (last_step(run), Token.DIM),
            "tokens": (count(tokens) if tokens else SafeText("–"), Token.DIM),
            "cost": (run_cost(run.cost_estimate_usd), Token.TEXT),
            "took": (took(run.duration_ms), Token.TEXT),
            "ago": (age(self._now() - began.timestamp()) if began is not None else SafeText("–"), Token.DIM),
        }  # fmt: skip


def run_lines(run: Run, now: float, width: int, look: Look) -> list[Line]:
    """One run whole: facts, steps, error."""
    margin = margin_of(width)
    facts = [
        Fact("Agent", safe_line(run.agent_name or "–")),
        Fact("Status", *status_piece(str(run.status), look)),
        Fact("Lead", safe_line(run.lead_email or "–")),
        Fact("Cost", run_cost(run.cost_estimate_usd)),
        Fact("Model", safe_line(run.llm_model or "–")),
        Fact("Tokens", SafeText(f"{count(run.llm_tokens_in)} in, {count(run.llm_tokens_out)} out")),
        Fact("Began", clock_seconds(run.started_at)),
        Fact("Took", took(run.duration_ms)),
    ]
    lines = [Line().add(" " * margin).add(f"Run {safe_line(run.id[:8])}", Token.STRONG), Line()]
    lines += fact_lines(facts, width, margin)
    if run.error_message:
        lines += [Line(), Line().add(" " * margin).add(f"{look.signs.block} {safe_line(run.error_message)}", Token.BAD)]
    lines += [Line(), section([(SafeText("Steps"), Token.DIM)], [], width, look)]
    if not run.steps:
        lines.append(Line().add(" " * margin).add("no steps told", Token.DIM))
    for step in run.steps:
        sign, token = (look.signs.safe, Token.TEXT) if step.status == "ok" else (look.signs.rejected, Token.BAD)
        line = Line().add(" " * margin).add(f"{sign} {safe_line(step.step)}", token).to(margin + 24)
        line.add(safe_line(step.detail or step.status), Token.DIM)
        lines.append(line.end(took(step.duration_ms), Token.DIM).end(" " * margin))
    return lines
