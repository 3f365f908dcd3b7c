"""Editing a draft before it goes out: the sheet, or the operator's own editor. Saving never approves."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cc_tui.state.approvals.rows import ApprovalRow
from cc_tui.state.messages import Level
from cc_tui.text.safe import without_hidden

if TYPE_CHECKING:
    from textual.app import App

    from cc_tui.ui.tabs.tab import Stage

SUBJECT_LINE = "Subject: "


def open_sheet(stage: Stage, row: ApprovalRow) -> None:
    """Open the editor's sheet with the draft, or with what was typed before and not saved."""
    from cc_tui.ui.dialogs.editor import EditSheet

    whole = stage.session.known.approvals.whole(row.id)
    if whole is None:
        stage.session.say("the draft is not here yet; try again in a moment", Level.WARN)
        return
    fields = {"subject": whole.subject, "body": whole.body or ""}
    kept = stage.session.edits.unsaved(row.id)
    if kept is not None:
        fields |= kept.fields
        words = "what you typed before and did not save is back; esc leaves it kept"
        stage.session.say(words, short="your unsaved text is back; esc keeps it")
    subject, hidden_in_subject = without_hidden(" ".join(fields["subject"].splitlines()))
    body, hidden_in_body = without_hidden(fields["body"].replace("\r\n", "\n").replace("\r", "\n"))
    if hidden := hidden_in_subject + hidden_in_body:
        words = f"{hidden} hidden characters are left out here; saving takes them out of the draft"
        stage.session.say(words, Level.WARN, short=f"{hidden} hidden characters left out")
    shown = {"subject": subject.replace("\t", " "), "body": body}
    stage.open_sheet(EditSheet(stage.look, stage.session, row, shown))


def open_in_editor(stage: Stage, app: App[Any], row: ApprovalRow) -> None:
    """Hand the draft to $VISUAL or $EDITOR, and save what comes back; meanwhile decisions go on being delivered."""
    whole = stage.session.known.approvals.whole(row.id)
    if whole is None:
        stage.session.say("the draft is not here yet; try again in a moment", Level.WARN)
        return
    stage.run_soon(_edit_outside(stage, app, row, whole.subject, whole.body or ""))


async def _edit_outside(stage: Stage, app: App[Any], row: ApprovalRow, subject: str, body: str) -> None:
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    text = f"{SUBJECT_LINE}{subject}\n\n{body}"
    try:
        with app.batch_update(), app.suspend():
            edited = await asyncio.to_thread(_run_editor, shlex.split(command), text)
    except (OSError, ValueError) as error:
        stage.session.say(f"{command} could not be run: {error}", Level.ERROR)
        return
    stage.resumed()
    if edited is None or edited == text:
        stage.session.say("nothing was changed")
        return
    fields = parse_edited(edited, subject)
    stage.session.edits.keep(row.id, row.version, fields)
    await stage.session.edits.save(row, fields)


def _run_editor(command: list[str], text: str) -> str | None:
    """What an editor makes of a text; None when it ends with an error."""
    with tempfile.TemporaryDirectory(prefix="cc-tui-edit-") as folder:
        path = Path(folder) / "draft.txt"
        path.write_text(text, encoding="utf-8")
        done = subprocess.run([*command, str(path)], check=False)  # noqa: S603  (their editor)
        return path.read_text(encoding="utf-8", errors="replace") if done.returncode == 0 else None


def parse_edited(text: str, subject: str) -> dict[str, str]:
    """Subject and body from an edited file; without its first line the subject stays."""
    first, _newline, rest = text.partition("\n")
    if first.startswith(SUBJECT_LINE):
        return {"subject": first.removeprefix(SUBJECT_LINE).strip(), "body": rest.removeprefix("\n").rstrip("\n")}
    return {"subject": subject, "body": text.rstrip("\n")}
