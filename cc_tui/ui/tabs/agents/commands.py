"""Pause and resume: they show what the server confirmed, and offer a line for the reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cc_tui.actions.action import Action
from cc_tui.state.messages import Level
from cc_tui.text.formats import clock
from cc_tui.ui.widgets.asked import Question

if TYPE_CHECKING:
    from cc_api_client.models.work.agents import Agent
    from cc_tui.ui.tabs.tab import Stage

WHY = "paused; why? (enter leaves it empty, esc goes back)"


class AgentCommands:
    """Carries out what changes an agent.

    Args:
        stage: the app.
        agent: the agent that is meant, None where there is none.
        is_wide: whether there is room for a sentence beside what is typed.
    """

    def __init__(self, stage: Stage, agent: Callable[[], Agent | None], is_wide: Callable[[], bool]) -> None:
        self._stage = stage
        self._agent = agent
        self._is_wide = is_wide

    def why_not(self, action: Action) -> str | None:
        """Why a command can't be used on the agent that is meant."""
        agent = self._agent()
        match action.id:
            case "agents.pause" | "agents.resume" if agent is None:
                return "there is no agent here"
            case "agents.pause" if agent is not None and str(agent.status) == "planned":
                return f"{agent.id} is planned, it never ran"
            case "agents.resume" if agent is not None and str(agent.status) != "paused":
                return f"{agent.id} is not paused"
            case _:
                return None

    def pause(self) -> None:
        """Pause at once; the reason may follow."""
        agent = self._agent()
        if agent is not None:
            self._stage.run_soon(self._pause(agent.id, None))

    def resume(self) -> None:
        """Let it work again."""
        agent = self._agent()
        if agent is not None:
            self._stage.run_soon(self._resume(agent.id))

    async def _pause(self, agent_id: str, reason: str | None) -> None:
        from cc_api_client.errors import CommandCenterError

        session = self._stage.session
        if session.backstage is None:
            return
        try:
            agent = await session.backstage.commands.pause(agent_id, reason)
        except (CommandCenterError, ValueError) as error:
            session.say(f"{agent_id} is not paused: {error}", Level.ERROR, (agent_id,))
            return
        self._say_paused(agent)
        if reason is None:
            self._stage.ask(
                Question(
                    label=WHY if self._is_wide() else "paused; why?",
                    initial=agent.pause_reason or "",
                    verb="give the reason",
                    taken=lambda words: self._give_reason(agent_id, words),
                    left=lambda: session.say(f"{agent_id} is paused, no reason given", Level.NOTE, (agent_id,)),
                )
            )

    def _give_reason(self, agent_id: str, words: str) -> None:
        if words.strip():
            self._stage.run_soon(self._pause(agent_id, words.strip()[:2000]))

    async def _resume(self, agent_id: str) -> None:
        from cc_api_client.errors import CommandCenterError

        session = self._stage.session
        if session.backstage is None:
            return
        try:
            agent = await session.backstage.commands.resume(agent_id)
        except CommandCenterError as error:
            session.say(f"{agent_id} is not resumed: {error}", Level.ERROR, (agent_id,))
            return
        short = f"{agent.id} is {agent.status}"
        session.say(f"the server confirmed: {short}", Level.DONE, (agent.id,), short=short)

    def _say_paused(self, agent: Agent) -> None:
        reason = f', "{agent.pause_reason}"' if agent.pause_reason else ""
        words = f"the server confirmed: {agent.id} paused by {agent.paused_by} {clock(agent.paused_at)}{reason}"
        short = f"{agent.id} paused · P resumes"
        self._stage.session.say(f"{words} · P resumes", Level.DONE, (agent.id, "P"), short=short)
