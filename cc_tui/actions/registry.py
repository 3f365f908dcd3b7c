"""The registry: every action there is. Keymap, footer, help, palette and the key reference are derived from it."""

from __future__ import annotations

from cc_api_client.models.installation.roles import Role
from cc_tui.actions.action import Action, Risk, Where

_E, _L, _AP, _AG, _LOG = Where.EVERYWHERE, Where.LISTS, Where.APPROVALS, Where.AGENTS, Where.LOGS
_REASON, _RISK, _DIALOG, _EDITOR, _SHEET = Where.REASON, Where.RISK, Where.DIALOGS, Where.EDITOR, Where.DECIDING
_SETTLE = Where.SETTLE

_APPROVALS = (
    Action(
        "approvals.approve", "Approve", "Let the draft out after its hold", ("a",), _AP, "approve", 1,
        Risk.DECISION, Role.OPERATOR,
    ),
    Action(
        "approvals.reject", "Reject", "Stop the draft; a line asks why", ("r",), _AP, "reject", 2,
        Risk.DECISION, Role.OPERATOR,
    ),
    Action(
        "approvals.edit", "Edit", "Change the draft before it goes out; saving never approves", ("e",), _AP, "edit", 3,
        needs_role=Role.OPERATOR, needs_link=True,
    ),
    Action(
        "approvals.edit_in_editor", "Edit in $EDITOR", "The same, in your own editor", ("E",), _AP,
        needs_role=Role.OPERATOR, needs_link=True,
    ),
    Action(
        "approvals.all_safe", "Approve all safe", "List what the server calls safe, and approve exactly that",
        ("A",), _AP, "all safe", 11, needs_role=Role.OPERATOR, needs_link=True,
    ),
    Action("approvals.diff", "Diff", "What was edited in the agent's draft", ("v",), _AP),
    Action(
        "approvals.settle", "Settle or retry", "Say what became of a delivery that is unknown; try a failed one again",
        ("m",), _AP, "settle or retry", 1, needs_role=Role.OPERATOR, needs_link=True,
    ),
    Action("approvals.why", "Why this risk", "The parts of the score, and this item's place", ("w",), _AP),
)  # fmt: skip

_AGENTS = (
    Action(
        "agents.pause", "Pause", "Let the agent finish its run, then claim no more", ("p",), _AG, "pause", 1,
        Risk.REVERSIBLE, Role.OPERATOR, needs_link=True,
    ),
    Action(
        "agents.resume", "Resume", "Let the agent claim runs again", ("P",), _AG, "resume", 2,
        Risk.REVERSIBLE, Role.OPERATOR, needs_link=True,
    ),
    Action("agents.logs", "Logs", "The log of the agent under the cursor", ("l",), _AG, "logs", 3),
    Action("agents.chart_left", "Chart left", "The chart before (below 80 columns)", ("left",), _AG, in_palette=False),
    Action("agents.chart_right", "Chart right", "The next chart (below 80 columns)", ("right",), _AG, in_palette=False),
    Action("logs.follow", "Follow", "Go on with new lines, or stop", ("f",), _LOG, "follow", 1),
    Action("logs.level", "Level", "Show all lines, info, warnings or errors and up", ("v",), _LOG, "level", 2),
)  # fmt: skip

_LISTS = (
    Action("list.down", "Down", "The next row", ("j", "down"), _L, in_palette=False),
    Action("list.up", "Up", "The row before", ("k", "up"), _L, in_palette=False),
    Action("list.top", "Top", "The first row", ("g", "home"), _L, in_palette=False),
    Action("list.bottom", "Bottom", "The last row", ("G", "end"), _L, in_palette=False),
    Action("list.half_down", "Half a page down", "Half a page on", ("ctrl+d", "pagedown"), _L, in_palette=False),
    Action("list.half_up", "Half a page up", "Half a page back", ("ctrl+u", "pageup"), _L, in_palette=False),
    Action("list.next_view", "Next view", "The next view or section", ("l", "right"), _L, "view", 20,
           in_palette=False),
    Action("list.previous_view", "Previous view", "The view or section before", ("h", "left"), _L, in_palette=False),
    Action("list.open", "Open", "Open the row; never decides", ("enter",), _L, "open", 9),
    Action("list.back", "Leave", "Take away one layer: dialog, input, screen, filter, marks", ("escape",), _L,
           in_palette=False),
    Action("list.filter", "Filter", "Show only rows that match, e.g. kind=email risk<40", ("/",), _L, "filter", 13),
    Action("list.sort", "Sort", "Sort by a column: its letter follows", ("s",), _L, "sort", 15),
    Action("list.mark", "Mark", "Mark the row; a verb acts on all marks", ("space",), _L, "mark", 10),
    Action("list.mark_shown", "Mark all shown", "Mark every row that the filter shows", ("*",), _L),
    Action("list.copy", "Copy", "Copy the row's text, without hidden characters", ("y",), _L, "copy", 16),
    Action("list.show_new", "Show new rows", "Bring in what arrived, let go what was decided", ("n",), _L, "new", 14),
    Action("list.preview", "Into the preview", "Move between the list and the preview", ("tab",), _L),
    Action("preview.down", "Scroll the preview", "One line on", ("J",), _L, in_palette=False),
    Action("preview.up", "Scroll the preview back", "One line back", ("K",), _L, in_palette=False),
)  # fmt: skip

_EVERYWHERE = (
    Action("tab.dashboard", "Dashboard", "Go to the dashboard", ("1",), _E),
    Action("tab.agents", "Agents", "Go to the agents", ("3",), _E),
    Action("tab.approvals", "Approvals", "Go to the approvals", ("5",), _E),
    Action("app.palette", "Palette", "Every action by its name", (":", "ctrl+p"), _E, "palette", 31),
    Action("app.help", "Help", "Every key, and why an action can't be used now", ("?",), _E, "help", 99),
    Action("app.log", "Log", "What the app said and did, and conflicts", ("!",), _E, "log", 30),
    Action(
        "app.undo", "Undo", "Take back the newest decision that still can be", ("u",), _E, "undo", 11,
        needs_role=Role.OPERATOR,
    ),
    Action("app.kept", "Kept for another key", "Decisions on this disk that this key can't send: see and forget them",
           (), _E),
    Action("app.refresh", "Refresh", "Fetch everything again, and try what failed", ("ctrl+r",), _E, "try again", 12),
    Action("app.suspend", "Suspend", "Back to the shell; fg returns", ("ctrl+z",), _E),
    Action("app.back", "Back", "Leave this screen; at a tab's top, quit", ("q",), _E, in_palette=False),
    Action(
        "app.quit", "Quit", "Leave; asks while decisions are undelivered", ("ctrl+c", "ctrl+q"), _E,
    ),
)  # fmt: skip

_LINES = (
    Action("reason.pick", "Reject with it", "Reject at once for that reason", tuple("1234567"), _REASON,
           "reject with it", 1, Risk.DECISION, Role.OPERATOR, in_palette=False),
    Action("reason.words", "In words", "Type the reason; enter rejects", ("8", "tab"), _REASON, "in words", 3,
           in_palette=False),
    Action("reason.again", "The last reason again", "Reject for the reason used last", ("r",), _REASON,
           "last reason again", 4, Risk.DECISION, Role.OPERATOR, in_palette=False),
    Action("reason.leave", "Leave", "Reject nothing", ("escape",), _REASON, "leave", 2, in_palette=False),
    Action("risk.approve", "Approve anyway", "Let the risky draft out", ("Y",), _RISK, "approve anyway", 1,
           Risk.DECISION, Role.OPERATOR, in_palette=False),
    Action("risk.edit", "Edit first", "Change the draft instead", ("e",), _RISK, "edit first", 3, in_palette=False),
    Action("risk.leave", "Leave", "Decide nothing", ("escape",), _RISK, "leave it", 2, in_palette=False),
    Action("settle.sent", "It was sent", "It has left; a line asks how that is known", ("1",), _SETTLE, "sent", 1,
           needs_role=Role.OPERATOR, needs_link=True, in_palette=False),
    Action("settle.not_sent", "It was not sent", "It never left, so it is sent again after all checks", ("2",), _SETTLE,
           "not sent", 2, needs_role=Role.OPERATOR, needs_link=True, in_palette=False),
    Action("settle.failed", "It failed", "It never left, and is not to be sent", ("3",), _SETTLE, "failed", 3,
           needs_role=Role.OPERATOR, needs_link=True, in_palette=False),
    Action("settle.retry", "Try again", "Have what failed sent again after all checks", ("t",), _SETTLE, "try again", 1,
           Risk.DECISION, Role.OPERATOR, needs_link=True, in_palette=False),
    Action("settle.leave", "Leave", "Leave it as it is", ("escape",), _SETTLE, "leave", 4, in_palette=False),
    Action("dialog.yes", "Yes", "Do it", ("y",), _DIALOG, "yes", 1, in_palette=False),
    Action("dialog.no", "No", "Leave it", ("n", "escape"), _DIALOG, "no", 2, in_palette=False),
    Action("dialog.next", "Next button", "Move between the buttons", ("tab",), _DIALOG, "next", 3, in_palette=False),
    Action("dialog.press", "Press", "Press the focused button", ("enter",), _DIALOG, in_palette=False),
    Action("editor.save", "Save", "Save the draft; never approves", ("ctrl+s", "f2"), _EDITOR, "save", 1,
           in_palette=False),
    Action("editor.leave", "Leave", "Leave; the draft is kept", ("escape",), _EDITOR, "leave, draft kept", 2,
           in_palette=False),
    Action("editor.next", "Next field", "Move between the fields", ("tab",), _EDITOR, "next field", 3,
           in_palette=False),
)  # fmt: skip

_DECIDING_SHEETS = (
    Action("deciding.yes", "Decide these", "Decide exactly what the list shows", ("y",), _SHEET, "decide these", 1,
           Risk.DECISION, Role.OPERATOR, in_palette=False),
    Action("deciding.no", "Leave", "Decide nothing", ("n", "escape"), _SHEET, "leave", 2, in_palette=False),
    Action("deciding.next", "Next button", "Move between the buttons", ("tab",), _SHEET, "next", 3, in_palette=False),
    Action("deciding.press", "Press", "Press the focused button", ("enter",), _SHEET, "", 100,
           Risk.DECISION, Role.OPERATOR, in_palette=False),
    Action("deciding.down", "Down", "The next item", ("j", "down"), _SHEET, "down", 4, in_palette=False),
    Action("deciding.up", "Up", "The item before", ("k", "up"), _SHEET, "up", 5, in_palette=False),
    Action("deciding.page_down", "A page down", "A page of items on", ("ctrl+d", "pagedown"), _SHEET, in_palette=False),
    Action("deciding.page_up", "A page up", "A page of items back", ("ctrl+u", "pageup"), _SHEET, in_palette=False),
    Action("deciding.why", "Why", "Why the item at the cursor is listed", ("w",), _SHEET, "why", 6, in_palette=False),
)  # fmt: skip

ACTIONS: tuple[Action, ...] = (*_APPROVALS, *_AGENTS, *_LISTS, *_EVERYWHERE, *_LINES, *_DECIDING_SHEETS)
