"""The upper part of the dashboard: conditions, cards, charts, counts. Pure drawing of one answer of the server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from cc_tui.state.health import TABS, is_spend_high
from cc_tui.text.fit import cells
from cc_tui.text.formats import (
    age,
    axis_money,
    clock,
    count,
    count_change,
    money,
    ratio,
    ratio_change,
    share,
    spend,
)
from cc_tui.text.safe import SafeText, safe_line
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.charts import Axes, bar, beside, indented, line_chart, section, thirds
from cc_tui.ui.widgets.line import Line, Piece
from cc_tui.ui.widgets.shape import NARROW_FROM, Shape, margin_of

if TYPE_CHECKING:
    from cc_api_client.models.dashboard import Alert, DashboardStats

CHARTS = ("pipeline", "revenue", "runs")
_CARD_COLUMNS = {Shape.WIDE: (2, 21, 41, 60, 80, 99), Shape.NARROW: (1, 12, 21, 33, 50, 66)}


@dataclass(frozen=True, slots=True)
class FiguresFacts:
    """One answer, the server's time, the highest spender, and which chart is shown where only one fits."""

    stats: DashboardStats
    now: float
    spender: str
    chart: str = CHARTS[0]
    as_of: str = ""
    """Since when nothing was heard, in words, while that is long ago."""


@dataclass(frozen=True, slots=True)
class Card:
    """One figure: label, value, what goes with it."""

    label: str
    value: list[Piece]
    below: list[Piece]


def figures_lines(facts: FiguresFacts, width: int, shape: Shape, look: Look, *, airy: bool) -> list[Line]:
    """All of it; `airy` puts empty lines between the blocks."""
    gap = [Line()] if airy else []
    conditions = condition_lines(facts, width, shape, look)
    cards = _card_lines(facts, width, shape, look)
    if shape is Shape.PHONE:
        return [*conditions, *cards, *_one_chart(facts, width, look), *_counts_phone(facts, width, look)]
    rule = Line().add(look.signs.rule * width, Token.RULE)
    return [*conditions, *gap, *cards, *gap, *_charts(facts, width, look, airy=airy), _closed(rule, width, look)]


def condition_lines(facts: FiguresFacts, width: int, shape: Shape, look: Look) -> list[Line]:
    """What waits and what is wrong, each with the tab it leads to."""
    pieces = [_waiting(facts, shape), *(_alert(alert, facts, look) for alert in facts.stats.alerts)]
    if shape is Shape.PHONE:
        lines = [Line().add(" ").extend(piece) for piece in pieces[:3]]
        lines[0].end(facts.as_of, Token.DIM).end(" " if facts.as_of else "")
        return lines
    starts = (2, 41, 80) if shape is Shape.WIDE else (1, 33, 60)
    line = Line()
    for place, start in enumerate(starts):
        if place < len(pieces):
            is_last = place == len(starts) - 1 and len(pieces) > len(starts)
            line.to(start).extend(_more(len(pieces) - place, look) if is_last else pieces[place])
            line.to(starts[place + 1] - 1 if place + 1 < len(starts) else width)
    if facts.as_of:
        line.end(facts.as_of, Token.DIM).end(" " * margin_of(width))
    return [line]


def _waiting(facts: FiguresFacts, shape: Shape) -> list[Piece]:
    stats = facts.stats
    pending = stats.approvals_pending if stats.approvals_pending is not None else stats.outbox.queued
    if not pending:
        return [(SafeText("nothing to approve"), Token.DIM)]
    pieces: list[Piece] = [(count(pending), Token.STRONG), (SafeText(" to approve"), Token.TEXT)]
    waiting = stats.waiting
    if waiting is not None and waiting.high_risk:
        pieces.append((SafeText(f", {count(waiting.high_risk)} high risk"), Token.DIM))
    if waiting is not None and waiting.oldest_created_at is not None and shape is not Shape.NARROW:
        pieces.append((SafeText(f", {age(facts.now - waiting.oldest_created_at.timestamp())}"), Token.DIM))
    return [*pieces, (SafeText(" → 5"), Token.DIM)]


def _alert(alert: Alert, facts: FiguresFacts, look: Look) -> list[Piece]:
    is_error = str(alert.level) == "error" or alert.code == "agent_error"
    sign, token = (look.signs.block, Token.BAD) if is_error else (look.signs.warn, Token.WARN)
    what, about = alert.object, safe_line(alert.message)
    leads_to = TABS.get(what.type) if what is not None else None
    tail = f" {age(facts.now - alert.at.timestamp())}"
    if alert.code in ("spend_over_ratio", "budget_exceeded"):
        spent, budget = facts.stats.spend_today_usd, facts.stats.budget_today_usd
        about = SafeText(f"spend {share(float(spent / budget))}") if spent is not None and budget else about
        tail = f" {safe_line(facts.spender)}" if facts.spender else ""
    elif alert.code == "agent_error" and what is not None:
        about = safe_line(f"{what.id} in error")
    elif alert.code.startswith("delivery_") and what is not None:
        about = safe_line(f"{alert.code.replace('_', ' ')}: {what.name}")
    return [
        (SafeText(f"{sign} {about}"), token),
        (SafeText(f"{tail}{f' → {leads_to}' if leads_to else ''}"), Token.DIM),
    ]


def _more(left: int, look: Look) -> list[Piece]:
    return [(SafeText(f"{look.signs.warn} {left} more conditions"), Token.WARN), (SafeText(" → !"), Token.DIM)]


def _card_lines(facts: FiguresFacts, width: int, shape: Shape, look: Look) -> list[Line]:
    cards = _cards(facts, 14 if shape is Shape.WIDE else 13, shape, look)
    if shape is Shape.PHONE:
        return _cards_phone(cards, width)
    starts = _CARD_COLUMNS[shape]
    rows: list[Line] = []
    for pick in (lambda card: [(SafeText(card.label), Token.DIM)], lambda card: card.value, lambda card: card.below):
        line = Line()
        for place, card in enumerate(cards):
            line.to(starts[place]).extend(pick(card)).to(starts[place + 1] - 1 if place + 1 < len(starts) else width)
        rows.append(line)
    return rows


def _cards_phone(cards: Sequence[Card], width: int) -> list[Line]:
    """Two columns: label and value, what goes with it left out."""
    half = width // 2
    lines = []
    for start in range(0, len(cards), 2):
        line = Line()
        for place, card in enumerate(cards[start : start + 2]):
            line.to(1 + place * half).add(f"{card.label} ", Token.DIM).extend(card.value[:1])
        lines.append(line)
    return lines


def _cards(facts: FiguresFacts, meter: int, shape: Shape, look: Look) -> list[Card]:
    stats, changes = facts.stats, facts.stats.changes
    in_30_d = " in 30 d" if shape is Shape.WIDE else ""
    on_yesterday = " on yesterday" if shape is Shape.WIDE else ""
    mrr = ratio_change(changes.mrr_ratio_30d) if changes else None
    clients = count_change(changes.clients_30d) if changes else None
    leads = count_change(changes.leads_1d) if changes else None
    closing = money(changes.deals_closing_usd) if changes else SafeText("–")
    return [
        Card("MRR", _strong(money(stats.mrr_usd)), _change(mrr, in_30_d)),
        Card("Clients", _strong(count(stats.clients_active)), _change(clients, in_30_d)),
        _uptime_card(stats),
        _spend_card(stats, meter, look),
        Card("Leads today", _strong(count(stats.leads_today)), _change(leads, on_yesterday)),
        Card("Deals closing", _strong(count(stats.deals_closing)), [(closing, Token.TEXT)]),
    ]


def _uptime_card(stats: DashboardStats) -> Card:
    up = stats.uptime_ratio_24h
    if up is None:
        return Card("Uptime 24h", _strong(ratio(up)), [(SafeText("not measured"), Token.DIM)])
    minutes = round((1 - up) * 1440)
    down = f"{minutes} min" if minutes < 100 else f"{minutes / 60:.0f} h"
    without = f"down {down}" if minutes else "no outage"
    return Card("Uptime 24h", _strong(ratio(up)), [(SafeText(without), Token.DIM)])


def _spend_card(stats: DashboardStats, meter: int, look: Look) -> Card:
    spent, budget = stats.spend_today_usd, stats.budget_today_usd
    value = _strong(spend(spent))
    if spent is None or not budget:
        return Card("Spend today", value, [(SafeText("no budget set"), Token.DIM)])
    part = float(spent / budget)
    filled, token = bar(part, meter, look, Token.WARN if is_spend_high(stats) else Token.BAR)
    full = len(filled.rstrip(" "))
    rest = SafeText(look.signs.bar * max(0, meter - full))
    return Card(
        "Spend today", [*value, (SafeText(f" of {money(budget)}"), Token.DIM)],
        [(SafeText(filled[:full]), token), (rest, Token.RULE)],
    )  # fmt: skip


def _strong(text: SafeText) -> list[Piece]:
    return [(text, Token.STRONG)]


def _change(text: SafeText | None, tail: str) -> list[Piece]:
    if text is None or text == "–":
        return [(SafeText("–"), Token.DIM)]
    return [(text, Token.TEXT), (SafeText(tail), Token.DIM)]


def _charts(facts: FiguresFacts, width: int, look: Look, *, airy: bool) -> list[Line]:
    """Three charts side by side over three blocks of counts."""
    widths = thirds(width)
    margin = margin_of(width)
    height = 7 if airy else 5
    inner = [wide - margin - 1 for wide in widths[:2]] + [widths[2] - 2 * margin]
    charts = [
        _pipeline(facts, inner[0], look, airy=airy),
        _revenue(facts, (inner[1], height), look),
        _activity(facts, (inner[2], height), look),
    ]
    titles: list[tuple[str, str]] = [("Pipeline", ""), ("Revenue 30 d", "MRR"), ("Agent runs 24 h", "per hour")]
    upper = [
        [section([(SafeText(title), Token.DIM)], [(SafeText(right), Token.DIM)] if right else [], wide, look,
                 margin=margin),
         *indented(lines, margin)]
        for (title, right), lines, wide in zip(titles, charts, widths, strict=True)
    ]  # fmt: skip
    lower = [
        [section([(SafeText(title), Token.DIM)], [], wide, look, margin=margin), *indented(lines, margin)]
        for title, lines, wide in zip(("Queue", "Outbox", "Runs"), _counts(facts, inner, look), widths, strict=True)
    ]
    rows = 2 if airy else 1
    return [
        *beside(upper, widths, height + 1, look, look.signs.tee_down),
        *beside(lower, widths, rows + 1, look, look.signs.cross),
    ]


def _closed(rule: Line, width: int, look: Look) -> Line:
    """The rule below, with a tee where each divider ends."""
    first, second, _third = thirds(width)
    signs = look.signs
    text = (
        signs.rule * first
        + signs.tee_up
        + signs.rule * second
        + signs.tee_up
        + signs.rule * (width - first - second - 2)
    )
    return Line().add(text, Token.RULE) if width >= NARROW_FROM else rule


def _pipeline(facts: FiguresFacts, width: int, look: Look, *, airy: bool) -> list[Line]:
    series = facts.stats.series
    if series is None or not series.pipeline:
        return [Line().add("–", Token.DIM).add(" no pipeline told", Token.DIM)]
    stages = [stage for stage in series.pipeline if str(stage.stage) != "lost"]
    most = max((stage.count for stage in stages), default=0) or 1
    with_value = airy and width >= 32
    figures = 4 + (7 if with_value else 0)
    wide = max(3, width - 11 - figures - 1)
    lines = []
    for stage in stages:
        line = Line().add(safe_line(str(stage.stage))).to(11).extend([bar(stage.count / most, wide, look)])
        figure = count(stage.count)
        line.add(" " * (1 + 4 - cells(figure))).add(figure)
        if with_value:
            value = axis_money(stage.value_usd)
            line.add(" " * (7 - cells(value))).add(value, Token.DIM)
        lines.append(line)
    changes = facts.stats.changes
    if airy and changes is not None and changes.lost_30d is not None:
        rate = f" {look.signs.dot} win rate {ratio(changes.win_ratio_30d)}" if changes.win_ratio_30d is not None else ""
        lines += [Line(), Line().add(f"lost {changes.lost_30d} in 30 d{rate}", Token.DIM)]
    return lines


def _revenue(facts: FiguresFacts, room: tuple[int, int], look: Look) -> list[Line]:
    series = facts.stats.series
    points = series.revenue if series is not None else []
    if len(points) < 2:
        return [Line().add("–", Token.DIM).add(" no revenue told", Token.DIM)]
    values = [float(point.mrr_usd) for point in points]
    low, high = _round_down(min(values)), _round_up(max(values))
    axes = Axes(axis_money(Decimal(high)), axis_money(Decimal(low)), _day(points[0].day), _day(points[-1].day))
    return line_chart(values, low, high, axes, room, look)


def _activity(facts: FiguresFacts, room: tuple[int, int], look: Look) -> list[Line]:
    series = facts.stats.series
    points = series.activity if series is not None else []
    if len(points) < 2:
        return [Line().add("–", Token.DIM).add(" no runs told", Token.DIM)]
    values = [float(point.runs) for point in points]
    high = max(10, -(-int(max(values)) // 10) * 10)
    axes = Axes(SafeText(f"{high:>4}"), SafeText("0"), clock(points[0].hour), clock(points[-1].hour))
    return line_chart(values, 0, high, axes, room, look)


def _counts(facts: FiguresFacts, widths: Sequence[int], look: Look) -> list[list[Line]]:
    """Queue, outbox and runs, exactly as `/admin/metrics` tells them."""
    stats = facts.stats
    queue = [("queued", stats.queue.queued), ("processing", stats.queue.processing), ("done", stats.queue.done),
             ("failed", stats.queue.failed), ("dead", stats.queue.dead)]  # fmt: skip
    outbox = [("queued", stats.outbox.queued), ("approved", stats.outbox.approved), ("sent", stats.outbox.sent),
              ("rejected", stats.outbox.rejected), ("expired", stats.outbox.expired or 0),
              ("failed", stats.outbox.failed or 0), ("unknown", stats.outbox.unknown or 0)]  # fmt: skip
    runs = [("success", stats.runs.success), ("failed", stats.runs.failed), ("killed", stats.runs.killed),
            ("skipped", stats.runs.skipped)]  # fmt: skip
    alarming: tuple[set[str], ...] = ({"dead"}, {"failed", "unknown"}, set())
    draw = _two_lines if widths[0] >= 30 else _that_fit
    return [draw(names, wide, bad, look)
            for names, wide, bad in zip((queue, outbox, runs), widths, alarming, strict=True)]  # fmt: skip


def _two_lines(counts: Sequence[tuple[str, int]], width: int, alarming: set[str], look: Look) -> list[Line]:
    """As many as fit on two lines, three a line; what alarms wears its sign."""
    shown = _worth_showing(counts, alarming)
    figures = [f"{look.signs.block + ' ' if name in alarming and number else ''}{count(number)}"
               for name, number in shown]  # fmt: skip
    before = [max((len(one) for one in figures[place::3]), default=0) for place in range(3)]
    behind = [max((len(name) for name, _number in shown[place::3]), default=0) for place in range(3)]
    starts = [sum(before[:place]) + sum(behind[:place]) + place for place in range(3)]
    gap = max(1, min(3, (width - starts[2] - before[2] - behind[2] - 1) // 2))
    lines = [Line(), Line()]
    for place, (name, number) in enumerate(shown):
        column = place % 3
        line = lines[place // 3].to(starts[column] + gap * column + before[column] - len(figures[place]))
        is_loud = name in alarming and number > 0
        line.add(figures[place], Token.BAD if is_loud else Token.TEXT)
        line.add(f" {name}", Token.BAD if is_loud else Token.DIM)
    return lines


def _that_fit(counts: Sequence[tuple[str, int]], width: int, alarming: set[str], look: Look) -> list[Line]:
    """What fits on one line, what alarms before the rest; a count is never cut."""
    line, room = Line(), width
    loud_first = sorted(counts, key=lambda one: not (one[0] in alarming and one[1]))
    for name, number in [counts[0], *(one for one in loud_first if one != counts[0])]:
        is_loud = name in alarming and number > 0
        text = SafeText(f"{look.signs.block + ' ' if is_loud else ''}{count(number)} {name}")
        if cells(text) > room:
            break
        line.add(text[: -len(name)], Token.BAD if is_loud else Token.TEXT).add(
            name, Token.BAD if is_loud else Token.DIM
        )
        line.add("  ")
        room -= cells(text) + 2
    return [line]


def _worth_showing(counts: Sequence[tuple[str, int]], alarming: set[str]) -> list[tuple[str, int]]:
    """Six at most: what alarms is never left out for what does not."""
    loud = [one for one in counts if one[0] in alarming and one[1]]
    quiet = [one for one in counts if one not in loud]
    kept = {*loud[:6], *quiet[: 6 - len(loud)]}
    return [one for one in counts if one in kept]


def _one_chart(facts: FiguresFacts, width: int, look: Look) -> list[Line]:
    """The chart that is chosen, below 80 columns."""
    inner = width - 2
    titles = {"pipeline": "Pipeline", "revenue": "Revenue 30 d", "runs": "Agent runs 24 h"}
    match facts.chart:
        case "revenue":
            lines = _revenue(facts, (inner, 5), look)
        case "runs":
            lines = _activity(facts, (inner, 5), look)
        case _:
            lines = _pipeline(facts, inner, look, airy=False)
    place = f"{CHARTS.index(facts.chart) + 1} of {len(CHARTS)}"
    right: list[Piece] = [(SafeText("h l"), Token.STRONG), (SafeText(f" {place}"), Token.DIM)]
    head = section([(SafeText(titles[facts.chart]), Token.DIM)], right, width, look, margin=1)
    return [head, *indented(lines, 1)]


def _counts_phone(facts: FiguresFacts, width: int, look: Look) -> list[Line]:
    stats = facts.stats
    line = Line().add(" ").add(count(stats.queue.queued)).add(" queued  ", Token.DIM)
    line.add(count(stats.outbox.sent)).add(" sent  ", Token.DIM)
    line.add(count(stats.runs.failed)).add(" runs failed", Token.DIM)
    return [line, Line().add(look.signs.rule * width, Token.RULE)]


def _day(day: str) -> SafeText:
    """`2026-11-22` as `22 Nov`."""
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    parts = day.split("-")
    if len(parts) != 3 or not all(part.isdigit() for part in parts) or not 1 <= int(parts[1]) <= 12:
        return safe_line(day[:10])
    return SafeText(f"{int(parts[2])} {months[int(parts[1]) - 1]}")


def _round_down(value: float) -> int:
    return int(value // 1000 * 1000)


def _round_up(value: float) -> int:
    return max(int(-(-value // 1000) * 1000), _round_down(value) + 1000)
