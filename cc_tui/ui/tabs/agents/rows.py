"""The rows of the agents' table. Pure drawing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from cc_tui.text.fit import cut
from cc_tui.text.formats import age, clock, count, ratio, spend
from cc_tui.text.safe import SafeText, safe_line
from cc_tui.ui.tabs.sorting import SortBy, Sorting
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.charts import spark
from cc_tui.ui.widgets.columns import Column, cells_of, header_line, row_line, that_fit
from cc_tui.ui.widgets.line import Line, Piece
from cc_tui.ui.widgets.shape import Shape, margin_of

if TYPE_CHECKING:
    from cc_api_client.models.work.agents import Agent

NONE = SafeText("–")
EXPENSIVE_SHARE = Decimal("0.5")
EXPENSIVE_USD_PER_HOUR = Decimal(1)
SPARK_WIDTHS = {Shape.WIDE: 24, Shape.NARROW: 12, Shape.PHONE: 0}
_COLUMNS = (
    Column("agent", "Agent", 14),
    Column("state", "State", 7),
    Column("success", "Success", 7, is_figure=True),
    Column("day", "24 h cost", 9, is_figure=True),
    Column("hour", "$/h", 5, is_figure=True, dropped=4),
    Column("runs", "Runs", 5, is_figure=True, dropped=2),
    Column("each", "$/run", 6, is_figure=True, dropped=1),
    Column("beat", "Beat", 5, is_figure=True, dropped=5),
)


def sign_of(agent: Agent, look: Look, *, is_expensive: bool) -> Piece:
    """An agent's state as a sign."""
    signs = look.signs
    match str(agent.status):
        case "active":
            return (SafeText(signs.warn), Token.WARN) if is_expensive else (SafeText(signs.up), Token.OK)
        case "paused":
            return SafeText(signs.paused), Token.TEXT
        case "error":
            return SafeText(signs.block), Token.BAD
        case "planned":
            return SafeText(signs.planned), Token.DIM
        case _:
            return SafeText(signs.dot), Token.DIM


def why_not_running(agent: Agent) -> SafeText:
    """Why an agent does not work, or nothing."""
    match str(agent.status):
        case "paused":
            reason = f', "{agent.pause_reason}"' if agent.pause_reason else ""
            return safe_line(f"by {agent.paused_by} {clock(agent.paused_at)}{reason}")
        case "error":
            return safe_line(agent.error_message or "in error")
        case "planned":
            return SafeText("registered, never deployed")
        case _:
            return SafeText("")


def expensive(agents: Sequence[Agent]) -> str | None:
    """The agent that spends more than half of this hour's money, where that is worth a sign."""
    hour = [(agent.cost_1h_usd or Decimal(0), agent.id) for agent in agents]
    total = sum((cost for cost, _id in hour), Decimal(0))
    if len(hour) < 2 or not total:
        return None
    cost, agent_id = max(hour)
    return agent_id if cost >= EXPENSIVE_USD_PER_HOUR and cost > total * EXPENSIVE_SHARE else None


def sort_choices() -> dict[str, SortBy[Agent]]:
    """What the agents can be sorted by, by the letter after `s`."""
    return {
        "n": SortBy("name", "agent", lambda agent: agent.id),
        "s": SortBy("state", "state", lambda agent: str(agent.status)),
        "o": SortBy("success", "success", lambda agent: agent.success_ratio_24h if agent.runs_24h else None),
        "c": SortBy("cost", "day", lambda agent: agent.cost_24h_usd, is_descending=True),
        "h": SortBy("cost an hour", "hour", lambda agent: agent.cost_1h_usd, is_descending=True),
        "r": SortBy("runs", "runs", lambda agent: agent.runs_24h, is_descending=True),
        "e": SortBy("cost a run", "each", _each, is_descending=True),
        "b": SortBy("beat", "beat", lambda agent: agent.last_heartbeat_at, is_descending=True),
    }


def _each(agent: Agent) -> Decimal | None:
    """What a run cost on average in 24 h."""
    if agent.cost_24h_usd is None or not agent.runs_24h:
        return None
    return agent.cost_24h_usd / agent.runs_24h


def _an_hour(cost: Decimal | None) -> SafeText:
    """What an agent cost in the last hour, also where it no longer works."""
    if not cost:
        return NONE
    return SafeText(f"{cost:.2f}" if cost < 100 else f"{cost:.0f}")


class AgentRows:
    """The agents as the source of a table."""

    def __init__(
        self, look: Look, agents: Callable[[], Sequence[Agent]], now: Callable[[], float],
        empty: Callable[[int, int], Sequence[Line]],
    ) -> None:  # fmt: skip
        self.row_height = 1
        self.shape = Shape.WIDE
        self.sorting = Sorting(sort_choices())
        self._look = look
        self._told = agents
        self._now = now
        self._empty = empty

    def _agents(self) -> Sequence[Agent]:
        return self.sorting.of(self._told())

    def reshape(self, shape: Shape) -> None:
        """Another form."""
        self.shape = shape
        self.row_height = 2 if shape is Shape.PHONE else 1

    def count(self) -> int:
        """How many there are."""
        return len(self._agents())

    def key_at(self, place: int) -> str:
        """The id of one."""
        return self._agents()[place].id

    def place_of(self, key: str) -> int | None:
        """Where one stands."""
        return next((place for place, agent in enumerate(self._agents()) if agent.id == key), None)

    def row_lines(self, place: int, width: int, *, is_cursor: bool) -> Sequence[Line]:
        """One agent; the cursor's cell is put before it."""
        agents = self._agents()
        agent = agents[place]
        is_expensive = expensive(agents) == agent.id
        values = self._values(agent, is_cursor=is_cursor, is_expensive=is_expensive)
        sign = sign_of(agent, self._look, is_expensive=is_expensive)
        if self.shape is Shape.PHONE:
            return self._two_lines(agent, values, sign, width)
        line = Line().add(" " * (margin_of(width))).extend([sign]).add(" ")
        row_line(self._fitting(width), values, line)
        return [line.add(" " * self._gap).extend([self._last(agent, width, is_cursor=is_cursor)])]

    def header(self, width: int) -> Line | None:
        """The titles."""
        if self.shape is Shape.PHONE:
            return None
        title = "Runs per hour, 24 h" if self.shape is Shape.WIDE else "Runs per hour"
        signs = self._look.signs
        arrow = signs.descending if self.sorting.is_descending else signs.ascending
        line = header_line(self._fitting(width), margin_of(width) + 3, sorted_by=self.sorting.column, arrow=arrow)
        return line.add(" " * self._gap).add(title, Token.DIM)

    def footer(self, width: int) -> Line | None:
        """None."""
        del width
        return None

    def empty(self, width: int, height: int) -> Sequence[Line]:
        """What stands there without agents."""
        return self._empty(width, height)

    @property
    def _gap(self) -> int:
        return 4 if self.shape is Shape.WIDE else 2

    def _room_for_last(self, width: int) -> int:
        return max(16, 38 if self.shape is Shape.WIDE else 0)

    def _fitting(self, width: int) -> list[tuple[Column, int]]:
        margin = margin_of(width)
        room = width - margin - 3 - self._gap - self._room_for_last(width) - margin
        return that_fit(_COLUMNS, room)

    def _last(self, agent: Agent, width: int, *, is_cursor: bool) -> Piece:
        why = why_not_running(agent)
        if why:
            start = margin_of(width) + 3 + cells_of(self._fitting(width)) + self._gap
            return cut(why, max(8, width - start - margin_of(width))), Token.DIM
        return spark(agent.activity, SPARK_WIDTHS[self.shape], self._look, Token.ACCENT if is_cursor else Token.BAR)

    def _values(self, agent: Agent, *, is_cursor: bool, is_expensive: bool) -> dict[str, Piece]:
        works = str(agent.status) not in ("error", "planned")
        ran = bool(agent.runs_24h)
        each = _each(agent)
        beat = self._now() - agent.last_heartbeat_at.timestamp() if agent.last_heartbeat_at is not None else None
        state = Token.BAD if str(agent.status) == "error" else Token.TEXT if works else Token.DIM
        return {
            "agent": (safe_line(agent.id), Token.STRONG if is_cursor else Token.TEXT),
            "state": (safe_line(str(agent.status)), state),
            "success": (ratio(agent.success_ratio_24h) if ran else NONE, Token.TEXT),
            "day": (spend(agent.cost_24h_usd) if ran else NONE, Token.TEXT),
            "hour": (_an_hour(agent.cost_1h_usd), Token.WARN_STRONG if is_expensive else Token.TEXT),
            "runs": (count(agent.runs_24h), Token.TEXT),
            "each": (SafeText(f"{each:.3f}") if each is not None else NONE, Token.DIM),
            "beat": (age(beat), Token.DIM),
        }

    def _two_lines(self, agent: Agent, values: dict[str, Piece], sign: Piece, width: int) -> list[Line]:
        """Agent and success; state, cost and beat, or why not."""
        dot = f" {self._look.signs.dot} "
        upper = Line().extend([sign]).add(" ").extend([values["agent"]])
        upper.right = [values["success"], (SafeText(" "), Token.TEXT)]
        lower = Line().add("  ").extend([values["state"]])
        why = why_not_running(agent)
        if why:
            lower.add(dot + why, Token.DIM)
        else:
            lower.add(f"{dot}{values['day'][0]}{dot}{values['beat'][0]}", Token.DIM)
        return [upper, lower.to(width - 2)]
