"""The status bar: how things are, whose, what waits, what was spent, the link. It sheds by priority as it narrows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from cc_tui.state.health import Condition, Tone
from cc_tui.text.fit import cut
from cc_tui.text.formats import clock, moment, money, share, spend
from cc_tui.text.safe import SafeText, safe_line
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Ground, Token
from cc_tui.ui.widgets.line import Line, Piece, width_of
from cc_tui.ui.widgets.shape import NARROW_FROM, WIDE_FROM, margin_of

GAP = 3
SCOPE_MOST = 32
"""Cells of the client that all is narrowed to; half of it where there is less room."""


@dataclass(frozen=True, slots=True)
class BarFacts:
    """What the bar says.

    `is_fresh` is False while figures are old; `alert_ratio_reached` puts the share of the budget in amber, with the
    spender; `link` is the link in words.
    """

    condition: Condition
    scope: str = "All clients"
    is_scoped: bool = False
    pending: int | None = None
    spend_usd: Decimal | None = None
    budget_usd: Decimal | None = None
    spender: str = ""
    alert_ratio_reached: bool = False
    undelivered: int = 0
    is_fresh: bool = True
    is_demo: bool = False
    is_read_only: bool = False
    link: str = ""


def status_line(facts: BarFacts, width: int, look: Look) -> Line:
    """The bar in one line of `width` cells."""
    margin = margin_of(width)
    line = Line(ground=Ground.RAISED).add(" " * margin)
    if facts.condition.word.startswith(("STOPPED", "NOT STOPPED")):
        return _stopped(facts, margin, look)
    is_phone = width < NARROW_FROM
    blocks = _few_blocks(facts, look) if is_phone else _blocks(facts, width, look)
    right = _waiting(facts) if is_phone else _right(facts, width)
    gap = GAP if width >= WIDE_FROM else 2
    room = width - 2 * margin - width_of(right) - 2
    for number, block in enumerate(blocks):
        need = width_of(block) + (gap if number else 0)
        if number and need > room:
            continue
        if number:
            line.add(" " * gap)
        line.extend(block)
        room -= need
    line.right = [*right, (SafeText(" " * margin), Token.TEXT)]
    return line


def _few_blocks(facts: BarFacts, look: Look) -> list[list[Piece]]:
    """Below 80 columns: health, and of the rest what has room beside the count."""
    blocks = [_health(facts.condition, look, wide=False)]
    if facts.undelivered:
        blocks.append(_undelivered(facts, look))
    if facts.is_demo:
        blocks.append([(SafeText("DEMO"), Token.ACCENT_STRONG)])
    if facts.is_read_only:
        blocks.append([(SafeText("read-only"), Token.TEXT)])
    return blocks


def _waiting(facts: BarFacts) -> list[Piece]:
    """The count at the right end of a narrow bar."""
    return _to_approve(facts, f"{facts.pending:,}" if facts.pending is not None else "–")


def _to_approve(facts: BarFacts, figure: str) -> list[Piece]:
    word = Token.TEXT if facts.is_fresh else Token.DIM
    return [(SafeText(figure), _figure(facts, Token.STRONG)), (SafeText(" to approve"), word)]


def _blocks(facts: BarFacts, width: int, look: Look) -> list[list[Piece]]:
    wide = width >= WIDE_FROM
    blocks = [_health(facts.condition, look, wide=wide)]
    scope = cut(safe_line(facts.scope), SCOPE_MOST if wide else SCOPE_MOST // 2)
    blocks.append([(scope, Token.ACCENT if facts.is_scoped else Token.TEXT)])
    if facts.pending is not None:
        blocks.append(_pending(facts))
    if facts.undelivered:
        blocks.append(_undelivered(facts, look))
    if facts.is_demo:
        words = SafeText("DEMO, nothing leaves this machine" if wide else "DEMO")
        blocks.append([(words, Token.ACCENT_STRONG)])
    if facts.spend_usd is not None:
        blocks.append(_spend(facts, wide=wide))
        if facts.alert_ratio_reached and facts.budget_usd:
            blocks.append(_over(facts, look, wide=wide))
    return blocks


def _undelivered(facts: BarFacts, look: Look) -> list[Piece]:
    return [(SafeText(f"{look.signs.warn} {facts.undelivered:,} undelivered"), Token.WARN)]


def _health(condition: Condition, look: Look, *, wide: bool) -> list[Piece]:
    signs = look.signs
    sign, plain, strong = {
        Tone.WAITING: (signs.planned, Token.DIM, Token.TEXT),
        Tone.OK: (signs.up, Token.OK, Token.STRONG),
        Tone.WARN: (signs.warn, Token.WARN, Token.WARN_STRONG),
        Tone.BAD: (signs.block, Token.BAD, Token.BAD_STRONG),
    }[condition.tone]
    pieces: list[Piece] = [(SafeText(f"{sign} "), plain), (safe_line(condition.word), strong)]
    if wide:
        about = safe_line(condition.about)
        if condition.since is not None and condition.tone > Tone.OK and not about:
            about = SafeText(f"since {clock(moment(condition.since))}")
        if about:
            room = 60 if condition.tone is Tone.BAD else 28
            pieces.append((SafeText(f" {cut(about, room)}"), Token.DIM))
        if condition.tab is not None:
            pieces.append((SafeText(f" {signs.leads_to} {condition.tab}"), Token.DIM))
    return pieces


def _pending(facts: BarFacts) -> list[Piece]:
    if not facts.pending:
        return [(SafeText("nothing to approve"), Token.DIM)]
    return _to_approve(facts, f"{facts.pending:,}")


def _spend(facts: BarFacts, *, wide: bool) -> list[Piece]:
    shown = spend(facts.spend_usd) if wide else money(facts.spend_usd)
    pieces: list[Piece] = [(shown, _figure(facts, Token.TEXT))]
    if facts.budget_usd is not None:
        pieces.append((SafeText(f" of {money(facts.budget_usd)}{' today' if wide else ''}"), Token.DIM))
    elif wide:
        pieces.append((SafeText(" today"), Token.DIM))
    return pieces


def _over(facts: BarFacts, look: Look, *, wide: bool) -> list[Piece]:
    part = float(facts.spend_usd or 0) / float(facts.budget_usd or 1)
    pieces: list[Piece] = [(SafeText(f"{look.signs.warn} "), Token.WARN), (share(part), Token.WARN_STRONG)]
    if wide and facts.spender:
        pieces.append((SafeText(f" {safe_line(facts.spender)}"), Token.DIM))
    return pieces


def _right(facts: BarFacts, width: int) -> list[Piece]:
    pieces: list[Piece] = []
    if facts.is_read_only:
        pieces = [
            (SafeText("read-only key" if width >= WIDE_FROM else "read-only"), Token.TEXT),
            (SafeText("   "), Token.DIM),
        ]
    return [*pieces, (safe_line(facts.link), Token.DIM)]


def _stopped(facts: BarFacts, margin: int, look: Look) -> Line:
    line = Line(ground=Ground.STOPPED).add(" " * margin)
    line.add(f"{look.signs.block} {safe_line(facts.condition.word)}", Token.STOPPED)
    line.add(f"   {safe_line(facts.condition.about)}")
    return line.end(safe_line(facts.link)).end(" " * margin)


def _figure(facts: BarFacts, token: Token) -> Token:
    return token if facts.is_fresh else Token.DIM
