"""The editor of a draft: subject and text. What is typed is on disk within a second; saving never approves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Static, TextArea

from cc_tui.actions.action import Action, Where
from cc_tui.state.approvals.rows import ApprovalRow
from cc_tui.state.messages import Level
from cc_tui.text.fit import cut_address
from cc_tui.text.safe import safe_line
from cc_tui.ui.dialogs.sheet import Sheet
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.canvas import Canvas
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.shape import NARROW_FROM, margin_of

if TYPE_CHECKING:
    from cc_tui.session import Session

KEEP_AFTER_SECONDS = 0.5
KEPT = "not saved, but kept for the next e"


class _EditHead(Canvas):
    """What is edited."""

    DEFAULT_CSS = "_EditHead { height: 2; }"

    def __init__(self, look: Look, row: ApprovalRow) -> None:
        super().__init__(look)
        self._row = row

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """Rule and title."""
        margin = margin_of(width)
        title = Line().add(" " * margin).add("Edit ", Token.STRONG)
        title.add(cut_address(safe_line(self._row.to_email), width - 2 * margin - 5))
        title.add("  saving never approves" if width >= NARROW_FROM else "", Token.DIM).to(width - margin)
        return [Line().add(self.look.signs.heavy_rule * width, Token.ACCENT), title]


class _Text(TextArea):
    """The text; what was wrapped anew is painted anew, too."""

    DEFAULT_CSS = "_Text { width: 1fr; height: 1fr; border: none; padding: 0; scrollbar-size: 0 0; }"

    def on_resize(self) -> None:
        """Textual's own wraps, and leaves the lines on the screen as they were."""
        self.refresh()


class EditSheet(Sheet):
    """Subject and text of one draft."""

    DEFAULT_CSS = """
    EditSheet { height: 80%; }
    EditSheet Horizontal { height: 2; margin: 0 1; }
    EditSheet #edit-text { height: 1fr; }
    EditSheet Static { width: 9; height: 1; }
    EditSheet Static.-focused { text-style: bold; }
    EditSheet Input { height: 1; border: none; padding: 0; }
    EditSheet.-wide Horizontal { margin: 0 2; }
    EditSheet.-phone Horizontal { layout: vertical; height: 3; }
    EditSheet.-phone #edit-text { height: 1fr; }
    """
    places = (Where.EDITOR,)
    takes_text = True

    def __init__(self, look: Look, session: Session, row: ApprovalRow, fields: Mapping[str, str]) -> None:
        super().__init__(look, id="editor")
        self._session = session
        self._row = row
        self._subject = Input(fields["subject"], compact=True, select_on_focus=False)
        self._subject.cursor_blink = False
        self._body = _Text(fields["body"], compact=True, highlight_cursor_line=False)
        self._body.cursor_blink = False
        self._labels = (Static("Subject", markup=False), Static("Text", markup=False))
        self._first = dict(fields)
        self._keep_pending = False

    def compose(self) -> ComposeResult:
        """Title, subject, text."""
        yield _EditHead(self.look, self._row)
        with Horizontal():
            yield self._labels[0]
            yield self._subject
        with Horizontal(id="edit-text"):
            yield self._labels[1]
            yield self._body

    def on_mount(self) -> None:
        """Begin in the text."""
        self._body.focus()

    def on_resize(self, event: events.Resize) -> None:
        """Below 80 columns the labels stand above their fields."""
        super().on_resize(event)
        self.set_class(event.size.width < NARROW_FROM, "-phone")

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The label of the field that is typed into is strong."""
        for label, field in zip(self._labels, (self._subject, self._body), strict=True):
            label.set_class(field is event.widget, "-focused")

    @property
    def fields(self) -> dict[str, str]:
        """What stands in it."""
        return {"subject": self._subject.value, "body": self._body.text}

    def act(self, action: Action, key: str) -> bool:
        """Save, leave, move between the fields."""
        del key
        match action.id:
            case "editor.save":
                self._save()
            case "editor.leave":
                self._leave()
            case "editor.next":
                (self._subject if self._body.has_focus else self._body).focus()
            case _:
                return False
        return True

    def on_input_changed(self, event: Input.Changed) -> None:
        """The subject changed."""
        event.stop()
        self._keep_soon()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """The text changed."""
        event.stop()
        self._keep_soon()

    def _keep_soon(self) -> None:
        if not self._keep_pending and self.fields != self._first:
            self._keep_pending = True
            self.set_timer(KEEP_AFTER_SECONDS, self._keep)

    def _keep(self) -> None:
        self._keep_pending = False
        if self.fields != self._first:
            self._session.edits.keep(self._row.id, self._row.version, self.fields)

    def _leave(self) -> None:
        if self.fields != self._first:
            self._session.edits.keep(self._row.id, self._row.version, self.fields)
            self._session.say("not saved; what you typed is kept for the next e", short=KEPT)
        self.close()

    def _is_as_it_was(self, fields: Mapping[str, str]) -> bool:
        """Whether it is what the server has, and nothing else is kept on the disk."""
        whole = self._session.known.approvals.whole(self._row.id)
        is_same = whole is not None and fields == {"subject": whole.subject, "body": whole.body or ""}
        return is_same and self._session.edits.unsaved(self._row.id) is None

    def _save(self) -> None:
        fields = self.fields
        if self._is_as_it_was(fields):
            self.close()
            self._session.say("nothing was changed, so nothing was saved")
            return
        self._session.edits.keep(self._row.id, self._row.version, fields)
        self.close()
        if not self._session.known.link.link.is_up:
            self._session.say("offline: not saved; what you typed is kept for the next e", Level.WARN, short=KEPT)
            return
        self.app.run_worker(
            self._session.edits.save(self._row, fields), group="commands", exit_on_error=False
        )  # fmt: skip
