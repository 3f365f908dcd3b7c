"""The terminal as Textual's driver: it keeps what is on the screen, sends what differs, and never waits for a line.

Textual's own driver writes every frame in full through a queue of thirty; over a slow line the app stands still behind
it. Here a frame is drawn into a picture. When the line takes bytes, the newest picture goes out as the difference to
what was sent before; frames between are never sent. Uses of Textual what its Linux driver is made of; a contract test
pins it.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import threading
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual._parser import ParseError
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message
from textual.strip import Strip

from cc_tui.ui.terminal import taken
from cc_tui.ui.terminal.difference import Pen, difference
from cc_tui.ui.terminal.parsing import KeyParser
from cc_tui.ui.terminal.picture import ONE_CELL_EACH, Picture, Row
from cc_tui.ui.terminal.styles import PLAIN, Styles
from cc_tui.ui.terminal.taken import OTHER_SCREEN, TakenTerminal, open_terminal

LAST_WORDS_SECONDS = 2.0
"""How long the end of the app, or its suspension, waits for a line to take what is left."""
SYNCHRONISED_FROM = 1_000
"""Bytes from which a frame is shown at once where the terminal can; a smaller one comes in one piece anyway."""
ESCAPE_SECONDS, ESCAPE_LOOKS = 0.1, 10
"""After a key it is looked ten times whether more of its sequence came; then nothing is done until the next key."""
ERASING_IN_GROUND = ("xterm", "alacritty", "foot", "konsole", "linux", "rxvt", "st-", "vte", "wezterm")
"""The beginnings of the names of terminals of which terminfo says so."""
_STYLED = re.compile(r"(?:\x1b\[([0-9;]*)m)?x(?:\x1b\[0m)?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_QUESTION = re.compile(r"\x1b7\x1b\[\d+;\d+H\x1b\[6n\x1b8")
_LEAVES_CELLS = re.compile(r"(?:\x1b\[[?>=<][0-9;]*\$?[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x07)*")
_OTHER_SCREEN = "\x1b[?1049"


def erases_in_ground(environment: Mapping[str, str]) -> bool:
    """Whether the terminal fills what it erases with the ground that is set (terminfo's `bce`); screen does not."""
    return environment.get("TERM", "").startswith(ERASING_IN_GROUND) and not environment.get("STY")


class FrameDriver(LinuxDriver):
    """Draws frames into a picture and sends differences."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._styles = Styles()
        self._wanted, self._sent = Picture(self._styles), Picture(self._styles)
        self._take_key: Callable[[events.Key], bool] | None = None
        self._context = copy_context()
        self._is_reading = False
        self._numbers: dict[Style | None, int | None] = {}
        self._left_rows: dict[str, dict[int, Row]] = {}
        self._pen = Pen()
        self._cursor = (0, 0)
        self._left = b""
        self._question = ""
        self._took_back = False
        self._terminal: int | None = None
        self._thread = threading.get_ident()
        self._wake_read, self._wake_write = os.pipe()
        self._is_watched = False
        self._is_on_other_screen = False
        self._erases_in_ground = erases_in_ground(os.environ)

    # What Textual asks

    def start_application_mode(self) -> None:
        """Take the terminal."""
        self._terminal = open_terminal()
        before = self._go_on_from(terminal) if (terminal := taken.taken()) is not None else None
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual has no types here
        if before is not None:
            self.attrs_before = before

    def write(self, data: str) -> None:
        """Draw a frame, ask a question behind it, or send anything else as it is."""
        if threading.get_ident() != self._thread:
            self._loop.call_soon_threadsafe(self.write, data)
            return
        self._fit()
        if _QUESTION.fullmatch(data):
            self._question = data
        elif self._wanted.draw(data):
            self._take_question_back()
        else:
            self._send_as_it_is(data)

    def flush(self) -> None:
        """Send what the line takes."""
        if self._terminal is None:
            return
        if self._left:
            self._push()
        if not self._left and (told := self._difference() + self._asked()):
            self._left = told.encode("utf-8", "replace")
            self._push()

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        super().stop_application_mode()
        self._drain()

    def close(self) -> None:
        """Nothing is written any more."""
        super().close()
        if self._terminal is not None:
            self._watch(is_full=False)
            os.close(self._terminal)
            self._terminal = None

    # What the app asks

    def forget(self) -> None:
        """Nobody knows what is on the screen: the next frame is sent in full."""
        self._sent.become(self._sent.columns, len(self._sent.rows))
        self._pen.place = None

    def draw_line(self, row: int, column: int, strip: Strip) -> bool:
        """Draw a line where it stands; False, and nothing of it is drawn, where it is more than text in styles."""
        texts: list[str] = []
        styles: list[int] = []
        numbers = self._numbers
        for text, style, control in strip:
            if style not in numbers:
                numbers[style] = self._number_of(style)
            number = numbers[style]
            if control or number is None:
                return False
            texts.append(text)
            styles += [number] * len(text)
        line = "".join(texts)
        if ONE_CELL_EACH.fullmatch(line):
            self._wanted.put_cells(row, column, line, styles)
        elif _CONTROL.search(line):
            return False
        else:
            at = 0
            for text in texts:
                if text:
                    column = self._wanted.put(row, column, text, styles[at])
                    at += len(text)
        return True

    def turn(self, left: str, shown: str, rows: Sequence[int]) -> bool:
        """Have rows show what stood there when `shown` was left; False when that was never seen at this size."""
        wanted = self._wanted
        standing, kept = {number: wanted.rows[number] for number in rows}, self._left_rows.pop(shown, {})
        is_kept = kept.keys() == standing.keys() and all(len(row.shown) == wanted.columns for row in kept.values())
        self._left_rows[left] = standing if is_kept else {number: row.copy() for number, row in standing.items()}
        if is_kept:
            for number, row in kept.items():
                wanted.rows[number] = row
            wanted.touched.update(rows)
        return is_kept

    def begin_frame(self) -> None:
        """Lines are drawn next, for the screen as it is now."""
        self._fit()
        self._take_question_back()

    def took_question_back(self) -> bool:
        """Whether a question was not asked because a newer frame took the place of its own; told once."""
        took_back, self._took_back = self._took_back, False
        return took_back

    # Keys and answers

    @property
    def is_reading(self) -> bool:
        """Whether something waits to be read, or was read and is not handed over yet."""
        if self._key_thread is None or not self._key_thread.is_alive():
            return False
        is_waiting = bool(select.select([self.fileno], [], [], 0)[0])
        return is_waiting or self._is_reading  # in this order: the flag is set before what waits is taken

    def hand_keys_to(self, take: Callable[[events.Key], bool]) -> None:
        """From now on keys go to `take` as soon as the loop is free, past the app's queue; False: it goes there."""
        self._take_key = take
        self._context = copy_context()

    def send_message(self, message: Message) -> None:
        """Hand over what was read; called by the thread that reads."""
        self._loop.call_soon_threadsafe(self._hand_over, message, context=self._context)

    def _hand_over(self, message: Message) -> None:
        if not (isinstance(message, events.Key) and self._take_key is not None and self._take_key(message)):
            self._app.post_message(message)

    # Frames

    def _number_of(self, style: Style | None) -> int | None:
        """The number of a style as Textual would write it; None for one that is more than codes (a link)."""
        if style is None:
            return PLAIN
        shown = Strip([Segment("x", style)])
        for line_filter in self._app.get_line_filters():
            shown = shown.apply_filter(line_filter, self._app.screen.background_colors[1])
        codes = _STYLED.fullmatch(shown.render(self._app.console))
        return self._styles.after(PLAIN, codes[1] or "") if codes is not None else None

    def _go_on_from(self, terminal: TakenTerminal) -> list[Any]:
        """Know what is on the screen already; returns the terminal's attributes as the shell had them."""
        self._styles, self._sent = terminal.styles, terminal.picture
        self._numbers.clear()
        self._wanted = terminal.picture.copy()
        self._is_on_other_screen = True
        terminal.hand_over()
        return terminal.attributes

    def _fit(self) -> None:
        """Follow the terminal's size."""
        if self._terminal is None:
            return
        with contextlib.suppress(OSError):
            columns, rows = os.get_terminal_size(self._terminal)
            if (columns, rows) != (self._wanted.columns, len(self._wanted.rows)):
                self._wanted.become(columns, rows)
                self._sent.become(columns, rows)
                self._pen.place = None

    def _take_question_back(self) -> None:
        if self._question:
            self._question, self._took_back = "", True

    def _asked(self) -> str:
        question, self._question = self._question, ""
        return question

    def _difference(self) -> str:
        sent, wanted = self._sent, self._wanted
        touched = sent.touched | wanted.touched
        told = difference(
            self._styles, sent.rows, wanted.rows, self._pen, erases_in_ground=self._erases_in_ground, among=touched
        )
        for number in touched:
            if sent.rows[number] != wanted.rows[number]:
                sent.rows[number] = wanted.rows[number].copy()
        sent.touched, wanted.touched = set(), set()
        cursor = self._wanted.row, self._wanted.column
        if cursor != self._cursor or (told and cursor != (0, 0)):
            self._cursor, self._pen.place = cursor, cursor
            told += f"\x1b[{cursor[0] + 1};{cursor[1] + 1}H"
        if self._wanted.is_synchronised and len(told) >= SYNCHRONISED_FROM:
            return f"\x1b[?2026h{told}\x1b[?2026l"
        return told

    def _send_as_it_is(self, data: str) -> None:
        """Behind all that was drawn before. What may draw makes the screen unknown."""
        if data == OTHER_SCREEN and self._is_on_other_screen:
            self._is_on_other_screen = False
            return
        self._take_question_back()
        if self._terminal is None:
            return
        told = self._difference() + self._styles.change(self._pen.style, PLAIN) + data
        self._pen.style = PLAIN
        if _OTHER_SCREEN in data or not _LEAVES_CELLS.fullmatch(data):
            for picture in (self._wanted, self._sent):
                picture.become(picture.columns, len(picture.rows))
            self._pen.place = None
        self._left += told.encode("utf-8", "replace")
        self._push()

    # The line

    def _push(self) -> None:
        """Hand bytes to the line as long as it takes them; what is left goes when it can take more."""
        while self._left and self._terminal is not None:
            try:
                taken = os.write(self._terminal, self._left)
            except BlockingIOError:
                break
            except OSError:
                self._left = b""  # the terminal is gone; who watches for that ends the app
                break
            self._left = self._left[taken:]
        self._watch(is_full=bool(self._left))

    def _watch(self, *, is_full: bool) -> None:
        """Be told when the line can take more, while there is more."""
        if self._terminal is None or is_full is self._is_watched or self._loop.is_closed():
            return
        self._is_watched = is_full
        if is_full:
            self._loop.add_writer(self._terminal, self.flush)
        else:
            self._loop.remove_writer(self._terminal)

    def _drain(self) -> None:
        until = time.monotonic() + LAST_WORDS_SECONDS
        self.flush()
        while self._left and self._terminal is not None and (left := until - time.monotonic()) > 0:
            if select.select([], [self._terminal], [], left)[1]:
                self.flush()

    # Keys

    def disable_input(self) -> None:
        """End the thread that reads."""
        if self._key_thread is not None and self._key_thread.is_alive():
            os.write(self._wake_write, b"x")
        super().disable_input()

    def run_input_thread(self) -> None:
        """Read keys and answers, each stamped as it is read; wake up for nothing else."""
        parser, decode = KeyParser(self._debug), getincrementaldecoder("utf-8")("replace").decode
        looks = ESCAPE_LOOKS
        while not self.exit_event.is_set():
            ready = select.select([self.fileno, self._wake_read], [], [], ESCAPE_SECONDS if looks else None)[0]
            looks = ESCAPE_LOOKS if ready else looks - 1
            if self._wake_read in ready:
                os.read(self._wake_read, 1)
                break
            if self.fileno in ready:
                self._is_reading = True
                told = os.read(self.fileno, 4096)
                if not told:
                    return
                text = decode(told)  # empty for the first half of a character, which the parser would take for the end
                for event in parser.feed(text) if text else ():
                    self.process_message(event)
                self._is_reading = False
            for event in parser.tick():
                self.process_message(event)
        with contextlib.suppress(EOFError, ParseError):
            for event in parser.feed(""):
                self.process_message(event)
