"""The keystroke guard: a decision key must mean that a person saw this draft and pressed this key because of it.

Pure: it is told what a confirmed frame showed (`painted`), what was read (`key`, `focused`, `broken`), and judges. All
times are arguments, in seconds; a key's time is the time of its read. Keys that are judged are judged 12 ms after their
read, when it is known whether others came with them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Set
from dataclasses import dataclass, field
from enum import StrEnum

from cc_api_client.models.outbox.risk_levels import CAREFUL_FROM

ITEMS_REMEMBERED = 512
MOVEMENT = frozenset({
    "j", "k", "up", "down", "g", "G", "home", "end", "ctrl+d", "ctrl+u", "pagedown", "pageup", "J", "K", "escape",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """How long everything must last, in milliseconds.

    `hold_ms` is never below 150; `link_ms` is added where the terminal answers for a link behind it (tmux).
    """

    hold_ms: int = 250
    careful_hold_ms: int = 600
    repeat_ms: int = 700
    link_ms: int = 0
    burst_ms: int = 12
    focus_ms: int = 250
    broken_ms: int = 600
    silence_ms: int = 500
    line_ms: int = 400
    opener_ms: int = 1_000

    def hold_seconds(self, *, careful: bool) -> float:
        """How long a draft must have been in view."""
        hold = max(150, self.hold_ms)
        return (max(hold, self.careful_hold_ms) if careful else hold) / 1_000


@dataclass(frozen=True, slots=True)
class Selected:
    """What a key would decide: this version of this item, selected the `selection`-th time; `line` when one is open.

    `word` is what people call it.
    """

    item_id: str
    version: int
    selection: int
    line: str | None = None
    word: str = "draft"


@dataclass(frozen=True, slots=True)
class Shown:
    """What one frame showed of the selected item.

    Lines are numbered from the draft's top. `in_view` are those on the frame, `required` must each have been on one
    (recipient, subject, first screenful of the text), `flagged` and `body` are those with a flagged span, with text.
    """

    selected: Selected
    in_view: frozenset[int]
    required: frozenset[int]
    flagged: frozenset[int] = frozenset()
    body: frozenset[int] = frozenset()
    risk: int = 0
    is_warned: bool = False

    @property
    def laid_out(self) -> object:
        """Which numbers its lines have: a note that comes or goes above the text gives them others."""
        return self.flagged, self.body

    @property
    def is_careful(self) -> bool:
        """Whether it asks for the longer look."""
        return self.risk >= CAREFUL_FROM or self.is_warned


class Why(StrEnum):
    """Why a key was swallowed."""

    NOT_SEEN = "not seen"
    TOO_SOON = "too soon"
    FLAGS_UNSEEN = "flags unseen"
    TEXT_UNSEEN = "text unseen"
    BURST = "burst"
    FOCUS = "focus"
    BROKEN = "broken"
    HELD = "held"
    SILENCE = "silence"


_SENTENCES = {
    Why.NOT_SEEN: "this {word} was not on your screen yet",
    Why.TOO_SOON: "this {word} was on your screen too short a time",
    Why.BURST: "keys came too fast for a finger: pasted?",
    Why.FOCUS: "the window just got the focus",
    Why.BROKEN: "the line tore a key apart",
    Why.HELD: "the key was held down",
    Why.SILENCE: "wait half a second after a swallowed key",
}


_BRIEF = {
    Why.NOT_SEEN: "the {word} was not shown yet",
    Why.TOO_SOON: "the {word} was seen too short",
    Why.BURST: "keys came too fast",
    Why.FOCUS: "the window just got focus",
    Why.SILENCE: "wait half a second",
}


@dataclass(frozen=True, slots=True)
class Swallowed:
    """A key that did not count; `scroll_to` is the unseen line to bring into view."""

    key: str
    why: Why
    sentence: str
    scroll_to: int | None = None
    word: str = "draft"

    @property
    def brief(self) -> str:
        """The sentence in at most 28 letters, for narrow screens."""
        return _BRIEF.get(self.why, self.sentence).format(word=self.word)


@dataclass(frozen=True, slots=True)
class KeyRead:
    """A key as it was read: its name, its time in seconds, and whether the terminal says it repeats itself."""

    name: str
    at: float
    previous_at: float | None = None
    repeats: bool | None = None


@dataclass(slots=True)
class _Hold:
    """The look at one selection: since when it is confirmed, and from when on keys count."""

    selected: Selected
    since: float
    opens_at: float | None = None


@dataclass(slots=True)
class _Evidence:
    """What was seen of one version of an item as it was laid out, and whether it met the rule while it was selected."""

    version: int
    laid_out: object
    lines: set[int] = field(default_factory=set)
    is_met: bool = False


class Guard:
    """Evidence of what was seen, and the judgement of keys."""

    def __init__(self, settings: GuardSettings) -> None:
        self.settings = settings
        self._evidence: dict[str, _Evidence] = {}
        self._hold: _Hold | None = None
        self._last_shown: Shown | None = None
        self._opener: str | None = None
        self._reads: deque[float] = deque(maxlen=16)
        self._last_read: dict[str, float] = {}
        self._focused_at = float("-inf")
        self._broken_at = float("-inf")
        self._silent_until = float("-inf")

    # Evidence

    def painted(self, shown: Shown, at: float, written_at: float, *, is_testimony: bool = True) -> None:
        """A frame is on the screen.

        Args:
            shown: what it shows of the selected item.
            at: when that was confirmed (the answer's read).
            written_at: when the frame's fence was written.
            is_testimony: False on a mute terminal, where only time speaks; no second fence can be asked for.
        """
        evidence = self._remember(shown)
        evidence.lines.update(shown.in_view)
        hold = self._hold
        if hold is None or hold.selected != shown.selected:
            hold = self._hold = _Hold(shown.selected, at + self.settings.link_ms / 1_000)
        self._last_shown = shown
        need = self._need(shown)
        if not is_testimony:
            hold.opens_at = hold.since + need if hold.opens_at is None else hold.opens_at
        elif hold.opens_at is None and written_at >= hold.since + need:
            hold.opens_at = at
        is_whole = shown.required <= evidence.lines and self._unseen(shown) is None
        if hold.opens_at is not None and shown.selected.line is None and is_whole:
            evidence.is_met = True

    def wants_fence(self, at: float) -> bool:
        """Whether the hold is over and a second fence must go out, for keys read after its answer to count."""
        hold, shown = self._hold, self._last_shown
        return hold is not None and shown is not None and hold.opens_at is None and at >= hold.since + self._need(shown)

    def fence_due_at(self) -> float | None:
        """When the second fence will be due; None when none is."""
        hold, shown = self._hold, self._last_shown
        if hold is None or shown is None or hold.opens_at is not None:
            return None
        return hold.since + self._need(shown)

    def forget(self) -> None:
        """Nothing that was shown counts any more: resize, suspend, a terminal that begins to testify."""
        self._evidence.clear()
        self._hold = None
        self._last_shown = None

    def met(self, item_id: str, version: int) -> bool:
        """Whether this version of this item met the rule while it was selected."""
        evidence = self._evidence.get(item_id)
        return evidence is not None and evidence.version == version and evidence.is_met

    # What was read

    def key(self, name: str, at: float, *, repeats: bool | None = None) -> KeyRead:
        """A key was read; every key is told, whatever it does."""
        read = KeyRead(name, at, self._last_read.get(name), repeats)
        self._reads.append(at)
        self._last_read[name] = at
        return read

    def pasted(self, at: float) -> None:
        """Bracketed text was pasted: keys next to it come from the same paste."""
        self._reads.append(at)

    def focused(self, at: float) -> None:
        """The terminal's window got the focus."""
        self._focused_at = at

    def broken(self, at: float) -> None:
        """An escape sequence came torn: what follows may be its rest."""
        self._broken_at = at

    def line_opened(self, key: str) -> None:
        """A reason or risk line opens; `key` opened it."""
        self._opener = key

    def line_closed(self) -> None:
        """The line is gone."""
        self._opener = None

    # Judgement

    def swallows(self, read: KeyRead) -> Swallowed | None:
        """For keys that decide nothing, movement excepted.

        They are swallowed in the silence after a swallowed key, and as parts of something that no finger typed: behind
        another key within 12 ms (a paste, an answer of the terminal taken for keys), behind a torn escape sequence.
        """
        if read.name in MOVEMENT:
            return None
        why = self._why_no_finger(read)
        if why is None:
            return None
        self._silent_until = read.at + self.settings.silence_ms / 1_000
        return _swallow(read, why)

    def _why_no_finger(self, read: KeyRead) -> Why | None:
        if read.at < self._silent_until:
            return Why.SILENCE
        if sum(0.0 <= read.at - at < self.settings.burst_ms / 1_000 for at in self._reads) > 1:
            return Why.BURST
        return Why.BROKEN if 0.0 <= read.at - self._broken_at < self.settings.broken_ms / 1_000 else None

    def judge(self, read: KeyRead, selected: Selected | None, *, is_still_selected: bool = True) -> Swallowed | None:
        """Whether a decision key counts; called 12 ms after its read.

        Args:
            read: the key.
            selected: what it would decide, as selected when it was read; None for a decision on marks, whose items
                met the rule each by itself (`met`).
            is_still_selected: False when another row, version or line stands there by now, or marks came or went.

        Returns:
            None when it counts; else why not. A swallowed key starts the hold again.
        """
        swallowed = self._by_finger(read)
        if swallowed is None and not is_still_selected:
            swallowed = _swallow(read, Why.NOT_SEEN, selected)
        elif swallowed is None and selected is not None:
            swallowed = self._by_sight(read, selected)
        if swallowed is not None:
            self._silent_until = read.at + self.settings.silence_ms / 1_000
            self._restart(read.at)
        return swallowed

    def _by_finger(self, read: KeyRead) -> Swallowed | None:
        settings = self.settings
        if read.at < self._silent_until:
            return _swallow(read, Why.SILENCE)
        burst = settings.burst_ms / 1_000
        if sum(abs(at - read.at) < burst for at in self._reads) > 1:
            return _swallow(read, Why.BURST)
        if 0.0 <= read.at - self._focused_at < settings.focus_ms / 1_000:
            return _swallow(read, Why.FOCUS)
        if 0.0 <= read.at - self._broken_at < settings.broken_ms / 1_000:
            return _swallow(read, Why.BROKEN)
        return _swallow(read, Why.HELD) if self._is_held(read) else None

    def _is_held(self, read: KeyRead) -> bool:
        if read.repeats is not None:
            return read.repeats
        if read.previous_at is None:
            return False
        since = read.at - read.previous_at
        if read.name == self._opener:
            return since < self.settings.opener_ms / 1_000
        return since < self.settings.repeat_ms / 1_000

    def _by_sight(self, read: KeyRead, selected: Selected) -> Swallowed | None:
        hold, shown = self._hold, self._last_shown
        if hold is None or shown is None or hold.selected != selected:
            return _swallow(read, Why.NOT_SEEN, selected)
        seen = self._lines_seen(selected)
        if selected.line is None and not shown.required <= seen:
            first = min(shown.required - seen)
            return Swallowed(read.name, Why.NOT_SEEN, f"part of this {selected.word} was not on your screen yet", first)
        if selected.line is not None and not self.met(selected.item_id, selected.version):
            return _swallow(read, Why.NOT_SEEN, selected)
        if hold.opens_at is None or read.at < hold.opens_at:
            return _swallow(read, Why.TOO_SOON, selected)
        return self._unseen_lines(read, shown) if selected.line is None else None

    def _unseen_lines(self, read: KeyRead, shown: Shown) -> Swallowed | None:
        unseen = self._unseen(shown)
        if unseen is None:
            return None
        why, lines = unseen
        if why is Why.FLAGS_UNSEEN:
            sentence = f"{len(lines)} flag{'s' if len(lines) > 1 else ''} unseen"
        else:
            sentence = f"risk {shown.risk}: {len(lines)} line{'s' if len(lines) > 1 else ''} unseen"
        return Swallowed(read.name, why, sentence, min(lines))

    def _unseen(self, shown: Shown) -> tuple[Why, frozenset[int]] | None:
        """What a draft that asks for it has not shown yet: lines with flags, from risk 40 all its text."""
        seen = self._lines_seen(shown.selected)
        flags = shown.flagged - seen
        if flags:
            return Why.FLAGS_UNSEEN, flags
        text = shown.body - seen if shown.risk >= CAREFUL_FROM else frozenset()
        return (Why.TEXT_UNSEEN, text) if text else None

    def _need(self, shown: Shown) -> float:
        if shown.selected.line is not None:
            return self.settings.line_ms / 1_000
        return self.settings.hold_seconds(careful=shown.is_careful)

    def _restart(self, at: float) -> None:
        if self._hold is not None:
            self._hold.since = max(self._hold.since, at)
            self._hold.opens_at = None

    def _lines_seen(self, selected: Selected) -> Set[int]:
        evidence = self._evidence.get(selected.item_id)
        return evidence.lines if evidence is not None and evidence.version == selected.version else frozenset()

    def _remember(self, shown: Shown) -> _Evidence:
        """The evidence of an item's version; what was seen of another version, or where lines stood, counts no more."""
        selected = shown.selected
        evidence = self._evidence.get(selected.item_id)
        if evidence is None or (evidence.version, evidence.laid_out) != (selected.version, shown.laid_out):
            self._evidence.pop(selected.item_id, None)
            evidence = self._evidence[selected.item_id] = _Evidence(selected.version, shown.laid_out)
        while len(self._evidence) > ITEMS_REMEMBERED:
            del self._evidence[next(iter(self._evidence))]
        return evidence


def _swallow(read: KeyRead, why: Why, selected: Selected | None = None) -> Swallowed:
    word = selected.word if selected is not None else "draft"
    return Swallowed(read.name, why, _SENTENCES[why].format(word=word), word=word)
