"""One agent whole: title, facts in two columns, and sections that `h l` turn. Pure drawing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cc_tui.text.formats import age_sentence, count, ratio, run_cost, spend, took
from cc_tui.text.safe import SafeText, safe_line
from cc_tui.ui.tabs.agents.log import ShownLog, log_lines
from cc_tui.ui.tabs.agents.rows import sign_of, why_not_running
from cc_tui.ui.tabs.facts import Fact, fact_lines
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.charts import bar
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.shape import NARROW_FROM, margin_of

if TYPE_CHECKING:
    from cc_api_client.models.work.agents import Agent, AgentDetail

SECTIONS = ("runs", "log", "performance", "cost", "configuration")


class DetailDrawing:
    """Draws one agent.

    Args:
        agent: as the list knows it.
        detail: with configuration and figures, once it was fetched.
        log: its log, and how it is shown.
        now: the server's time in seconds.
    """

    def __init__(
        self, agent: Agent, detail: AgentDetail | None, log: ShownLog, now: float, width: int, look: Look,
    ) -> None:  # fmt: skip
        self._agent = agent
        self._detail = detail
        self._log = log
        self._now = now
        self._width = width
        self._look = look
        self._margin = margin_of(width)

    def head(self, section: str) -> list[Line]:
        """Title, facts, the line of sections, and the heading of a log."""
        agent = self._agent
        sign, token = sign_of(agent, self._look, is_expensive=False)
        title = Line().add(" " * self._margin).add(safe_line(agent.name), Token.STRONG).add("  ")
        title.add(sign, token).add(f" {safe_line(str(agent.status))}", token if token is not Token.OK else Token.TEXT)
        about = why_not_running(agent) or safe_line(agent.role or "")
        title.add(f"  {about}", Token.DIM).to(self._width - self._margin)
        beat = self._now - agent.last_heartbeat_at.timestamp() if agent.last_heartbeat_at else None
        facts = [
            Fact("Runs", count(agent.runs)),
            Fact("Runs 24 h", count(agent.runs_24h)),
            Fact("Success 24 h", ratio(agent.success_ratio_24h)),
            Fact("Success 7 d", ratio(agent.success_ratio_7d)),
            Fact("Cost 24 h", spend(agent.cost_24h_usd)),
            Fact("Cost 1 h", spend(agent.cost_1h_usd)),
            Fact("Heard", SafeText(f"{age_sentence(beat)} ago") if beat is not None else SafeText("never")),
        ]
        tabs = Line().add(" " * self._margin)
        for name in SECTIONS:
            tabs.add(name, Token.TAB if name == section else Token.DIM).add(
                "   " if self._width >= NARROW_FROM else " "
            )
        if self._width >= NARROW_FROM:
            tabs.end("h l", Token.STRONG).end(" section", Token.DIM).end(" " * self._margin)
        below = self._log.heading(agent.id, self._width, self._look) if section == "log" else Line()
        return [title, Line(), *fact_lines(facts, self._width, self._margin), Line(), tabs, below]

    def body(self, section: str) -> Sequence[Line]:
        """What the section tells."""
        if section == "log" and self._log.lines is not None:
            return log_lines(self._log.lines, self._log.level, self._width, self._look)
        if self._detail is None or section == "log":
            return [self._said("loading")]
        match section:
            case "performance":
                return self._performance(self._detail)
            case "cost":
                return self._costs(self._detail)
            case _:
                return self._configuration(self._detail)

    def _said(self, words: str) -> Line:
        return Line().add(" " * self._margin).add(words, Token.DIM)

    def _performance(self, detail: AgentDetail) -> list[Line]:
        told = detail.performance
        facts = [
            Fact("Half within", took(told.p50_ms)),
            Fact("95 % within", took(told.p95_ms)),
            Fact("Cost a run", run_cost(told.cost_per_run_usd)),
            Fact("Success 24 h", ratio(told.success_ratio_24h)),
            Fact("Success 7 d", ratio(told.success_ratio_7d)),
        ]
        return fact_lines(facts, self._width, self._margin)

    def _costs(self, detail: AgentDetail) -> list[Line]:
        most = max((day.cost_usd for day in detail.cost_history), default=None)
        lines = []
        for day in reversed(detail.cost_history):
            line = Line().add(" " * self._margin).add(safe_line(day.day), Token.DIM).add(f"{spend(day.cost_usd):>10}  ")
            part = float(day.cost_usd / most) if most else 0.0
            lines.append(line.extend([bar(part, max(4, min(60, self._width - 30)), self._look)]))
        return lines or [self._said("nothing spent yet")]

    def _configuration(self, detail: AgentDetail) -> list[Line]:
        if not detail.config:
            return [self._said("nothing is configured")]
        return [
            Line().add(" " * self._margin).add(safe_line(f"{name}"), Token.DIM).to(self._margin + 20)
            .add(safe_line(value if isinstance(value, str) else json.dumps(value)))
            for name, value in detail.config.items()
        ]  # fmt: skip
