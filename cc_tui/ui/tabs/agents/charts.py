"""Counts above the agents, and the three charts below them: success, cost, spend against the budget. Pure drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from cc_tui.text.fit import cells, cut
from cc_tui.text.formats import clock, count, money, ratio, run_cost, share, spend
from cc_tui.text.safe import SafeText, safe_line
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.charts import bar, beside, indented, line_of_dots, section, thirds
from cc_tui.ui.widgets.line import Line, Piece
from cc_tui.ui.widgets.shape import NARROW_FROM, WIDE_FROM, Shape, margin_of

if TYPE_CHECKING:
    from cc_api_client.models.dashboard import DashboardStats
    from cc_api_client.models.work.agents import Agent

CHARTS = ("success", "cost", "spend")
_NAME = 15


@dataclass(frozen=True, slots=True)
class ChartFacts:
    """The agents, the dashboard's figures where they are known, and the server's time."""

    agents: Sequence[Agent]
    stats: DashboardStats | None
    now: float
    chart: str = CHARTS[0]
    as_of: str = ""
    """Since when nothing was heard, in words, while that is long ago."""


def counts_line(facts: ChartFacts, width: int, look: Look) -> Line:
    """`3 active  1 paused  ■ 1 error …  24 h: 879 runs  92.5 % success  $41.20  $6.90/h`."""
    margin = margin_of(width)
    line = Line().add(" " * margin)
    gap = 3 if width >= WIDE_FROM else 2
    for state in ("active", "paused", "error", "planned"):
        number = sum(str(agent.status) == state for agent in facts.agents)
        if not number and state != "active":
            continue
        if state == "error":
            line.add(f"{look.signs.block} {number} error", Token.BAD)
        else:
            line.add(count(number)).add(f" {state}", Token.DIM)
        line.add(" " * gap)
    line.add(facts.as_of, Token.DIM)
    day, hour = _total(facts.agents, "cost_24h_usd"), _total(facts.agents, "cost_1h_usd")
    runs = sum(agent.runs_24h or 0 for agent in facts.agents)
    good = _success(facts.agents)
    if width >= WIDE_FROM:
        line.end("24 h: ", Token.DIM).end(count(runs)).end(" runs   ", Token.DIM)
        line.end(ratio(good)).end(" success   ", Token.DIM).end(spend(day)).end("   ")
    elif width >= NARROW_FROM:
        line.end("24 h ", Token.DIM).end(ratio(good)).end("  ")
    return line.end(f"{spend(hour)}/h").end(" " * margin)


def chart_lines(facts: ChartFacts, width: int, shape: Shape, look: Look, height: int) -> list[Line]:
    """Three charts side by side; two below 110 columns, one below 80."""
    margin = margin_of(width)
    day = spend(_total(facts.agents, "cost_24h_usd"))
    room = height - 1
    if shape is Shape.PHONE:
        return _one(facts, width, look, room)
    if shape is Shape.NARROW:
        widths: tuple[int, ...] = (38, width - 39)
        success = _success_lines(facts, widths[0] - 2, room, look)
        cost = _cost_narrow(facts, widths[1] - 2, room, look)
        blocks = [
            _block("Success 7 d", (), success, widths[0], margin, look),
            _block("Cost 24 h", [(SafeText("today "), Token.DIM), *_of_budget(facts)], cost, widths[1], margin, look),
        ]
        return beside(blocks, widths, height, look, look.signs.tee_down)
    widths = thirds(width)
    airy: list[Line] = [Line()] if room >= 8 else []
    inner = widths[0] - margin - 1, widths[1] - margin - 1, widths[2] - 2 * margin
    left = room - len(airy)
    costs = _cost_lines(facts, inner[1], left - 1, look)
    tail = [*([Line()] if left > len(costs) + 1 else []), *_a_run(facts)]
    blocks = [
        _block("Success 7 d", (), [*airy, *_success_lines(facts, inner[0], left, look)], widths[0], margin, look),
        _block("Cost 24 h", [(day, Token.TEXT)], [*airy, *costs, *tail], widths[1], margin, look),
        _block("Spend today", _of_budget(facts), [*airy, *_spend_lines(facts, inner[2], left, look)], widths[2], margin,
               look),
    ]  # fmt: skip
    return beside(blocks, widths, height, look, look.signs.tee_down)


def _block(
    title: str, right: Sequence[Piece], lines: Sequence[Line], width: int, margin: int, look: Look
) -> list[Line]:
    head = section([(SafeText(title), Token.DIM)], right, width, look, margin=margin)
    return [head, *indented(lines, margin)]


def _one(facts: ChartFacts, width: int, look: Look, room: int) -> list[Line]:
    place = f"{CHARTS.index(facts.chart) + 1} of {len(CHARTS)}"
    turn: list[Piece] = [(SafeText("← →"), Token.STRONG), (SafeText(f" {place}"), Token.DIM)]
    match facts.chart:
        case "cost":
            title, lines = "Cost 24 h", _cost_lines(facts, width - 2, room, look)
        case "spend":
            title, lines = "Spend today", _spend_lines(facts, width - 2, room, look)
        case _:
            title, lines = "Success 7 d", _success_lines(facts, width - 2, room, look)
    return _block(title, turn, lines[:room], width, 1, look)


def _success_lines(facts: ChartFacts, width: int, room: int, look: Look) -> list[Line]:
    """Best first; those that find no room are told of in one line, and so are those without runs."""
    told = [agent for agent in facts.agents if agent.success_ratio_7d is not None]
    told.sort(key=lambda agent: agent.success_ratio_7d or 0.0, reverse=True)
    silent = [agent.id for agent in facts.agents if agent.success_ratio_7d is None]
    lines = []
    shown = _that_fit(told, room)
    for agent in shown:
        figure = ratio(agent.success_ratio_7d)
        wide = max(3, width - _NAME - 9)
        line = Line().add(cut(safe_line(agent.id), _NAME - 1)).to(_NAME)
        line.extend([bar(agent.success_ratio_7d or 0.0, wide, look)]).add(" " * (9 - cells(figure))).add(figure)
        lines.append(line)
    if len(shown) < len(told):
        worst = ratio(told[-1].success_ratio_7d)
        lines.append(Line().add(f"{len(told) - len(shown)} more, down to {worst}", Token.DIM))
    elif silent and len(lines) < room:
        gap = [Line()] if len(lines) + 2 <= room else []
        lines += [*gap, Line().add(cut(safe_line(f"{', '.join(silent)}: no runs"), width), Token.DIM)]
    return lines or [Line().add("no runs in seven days", Token.DIM)]


def _cost_lines(facts: ChartFacts, width: int, room: int, look: Look) -> list[Line]:
    """Dearest first, with its share."""
    total = _total(facts.agents, "cost_24h_usd")
    dear = sorted((agent for agent in facts.agents if agent.cost_24h_usd), key=_day_cost, reverse=True)
    if not dear or not total:
        return [Line().add("nothing spent in 24 h", Token.DIM)]
    most = _day_cost(dear[0])
    lines = []
    shown = _that_fit(dear, room)
    for agent in shown:
        cost = _day_cost(agent)
        figure, part = spend(cost), share(float(cost / total))
        wide = max(3, width - _NAME - 9 - 6)
        line = Line().add(cut(safe_line(agent.id), _NAME - 1)).to(_NAME)
        line.extend([bar(float(cost / most), wide, look)]).add(" " * (9 - cells(figure))).add(figure)
        lines.append(line.add(" " * (6 - cells(part))).add(part, Token.DIM))
    if len(shown) < len(dear):
        rest = sum((_day_cost(agent) for agent in dear[len(shown) :]), Decimal(0))
        lines.append(Line().add(f"{len(dear) - len(shown)} more, {spend(rest)}", Token.DIM))
    return lines


def _that_fit(agents: Sequence[Agent], room: int) -> Sequence[Agent]:
    """As many as there are lines, one less where a line must tell of the rest."""
    return agents if len(agents) <= room else agents[: max(1, room - 1)]


def _cost_narrow(facts: ChartFacts, width: int, room: int, look: Look) -> list[Line]:
    """The dearest, and when the budget will be used up."""
    forecast = _forecast(facts, look)
    lines = _cost_lines(facts, width, room - (1 if forecast else 0), look)
    return [*lines, Line().extend(forecast)] if forecast else lines


def _a_run(facts: ChartFacts) -> list[Line]:
    runs = sum(agent.runs_24h or 0 for agent in facts.agents)
    if not runs:
        return []
    each = _total(facts.agents, "cost_24h_usd") / runs
    return [Line().add(f"{run_cost(each)} a run, all agents", Token.DIM)]


def _of_budget(facts: ChartFacts) -> list[Piece]:
    stats = facts.stats
    if stats is None or stats.spend_today_usd is None:
        return []
    pieces: list[Piece] = [(spend(stats.spend_today_usd), Token.TEXT)]
    if stats.budget_today_usd:
        pieces.append((SafeText(f" of {money(stats.budget_today_usd)}"), Token.DIM))
    return pieces


def _spend_lines(facts: ChartFacts, width: int, room: int, look: Look) -> list[Line]:
    """What was spent since midnight, hour by hour, up to the budget's line."""
    stats = facts.stats
    hours = stats.series.spend if stats is not None and stats.series is not None else []
    if stats is None or not hours or room < 4:
        return [Line().add("–", Token.DIM).add(" no spend told", Token.DIM)]
    sums, total = [0.0], 0.0
    for hour in hours:
        total += float(hour.cost_usd)
        sums.append(total)
    budget = float(stats.budget_today_usd) if stats.budget_today_usd else None
    high = max(budget or 0.0, total, 1.0)
    top = money(Decimal(high))
    gutter = len(top) + 1
    across = width - gutter
    moment = datetime.fromtimestamp(facts.now, UTC)
    passed = (moment.hour * 60 + moment.minute) / 1440
    done = max(2, round(across * passed))
    dots = line_of_dots(sums, done, room - 1, 0.0, high, look)
    lines = [Line().add(" " * gutter).add(row, Token.ACCENT) for row in dots]
    lines[-1].left[0] = (SafeText("$0".rjust(gutter - 1) + " "), Token.DIM)
    first: list[Piece] = [(SafeText(f"{top} "), Token.DIM)]
    if budget is not None and total < budget:
        first.append((SafeText(look.signs.limit * across), Token.WARN))
    else:
        first += [(SafeText(dots[0]), Token.ACCENT)]
    lines[0] = Line(first)
    _write_forecast(lines, _forecast(facts, look), gutter + done + 1, width)
    midnight = moment.replace(hour=0, minute=0)
    ends = Line().add(" " * gutter).add(clock(midnight), Token.DIM)
    last = clock(midnight + timedelta(days=1))
    if gutter + 6 <= gutter + done <= width - 9:
        ends.to(gutter + done - 1).add("now", Token.DIM)
    ends.to(width - 5).add(last if last != "00:00" else "24:00", Token.DIM)
    return [*lines, ends]


def _write_forecast(lines: list[Line], forecast: list[Piece], after: int, width: int) -> None:
    """Say when the budget is used up: behind the line of dots where there is room, else above it."""
    words = sum(cells(text) for text, _token in forecast)
    if not forecast or len(lines) < 3:
        return
    start = max(after, width - words) if after + words <= width else width - words
    if after + words <= width:
        lines[1].to(start).extend(forecast)
    else:
        lines[1] = Line().to(max(6, start)).extend(forecast)


def _forecast(facts: ChartFacts, look: Look) -> list[Piece]:
    """When the day's budget is used up at this rate, or what the day will have cost."""
    stats = facts.stats
    hour = _total(facts.agents, "cost_1h_usd")
    if stats is None or stats.spend_today_usd is None or not stats.budget_today_usd or not hour:
        return []
    left = stats.budget_today_usd - stats.spend_today_usd
    moment = datetime.fromtimestamp(facts.now, UTC)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    if left <= 0:
        return [(SafeText(f"{look.signs.block} over the budget"), Token.BAD)]
    at = moment + timedelta(hours=float(left / hour))
    if at < midnight:
        words = f"{look.signs.warn} {money(stats.budget_today_usd)} at {clock(at)}"
        return [(SafeText(words), Token.WARN), (SafeText(" at this rate"), Token.DIM)]
    hours_left = Decimal((midnight - moment).total_seconds()) / 3600
    return [(SafeText(f"{spend(stats.spend_today_usd + hour * hours_left)} expected by midnight UTC"), Token.DIM)]


def _total(agents: Sequence[Agent], figure: str) -> Decimal:
    return sum((getattr(agent, figure) or Decimal(0) for agent in agents), Decimal(0))


def _day_cost(agent: Agent) -> Decimal:
    return agent.cost_24h_usd or Decimal(0)


def _success(agents: Sequence[Agent]) -> float | None:
    """Over all agents, weighed by their runs."""
    told = [agent for agent in agents if agent.success_ratio_24h is not None and agent.runs_24h]
    runs = sum(agent.runs_24h or 0 for agent in told)
    return sum((agent.success_ratio_24h or 0.0) * (agent.runs_24h or 0) for agent in told) / runs if runs else None
