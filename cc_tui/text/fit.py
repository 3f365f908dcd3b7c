"""Text fitted into cells: cut at the end with an ellipsis, an address before its `@` last, padded left or right."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

from cc_tui.text.safe import SafeText


def cells(text: str) -> int:
    """How many cells `text` takes."""
    return len(text) if text.isascii() else cell_len(text)


def cut(text: SafeText, width: int, ellipsis: str = "…") -> SafeText:
    """`text` in at most `width` cells, its end replaced by an ellipsis when it is longer."""
    if cells(text) <= width:
        return text
    if width <= 0:
        return SafeText("")
    return SafeText(_first_cells(text, width - 1) + ellipsis)


def cut_address(address: SafeText, width: int, ellipsis: str = "…") -> SafeText:
    """An address in at most `width` cells: its domain is kept longest, so that it is cut before its `@` last."""
    if cells(address) <= width:
        return address
    local, at, domain = address.rpartition("@")
    if not at or width < 8:
        return cut(address, width, ellipsis)
    room = width - 1 - cells(local)
    if room >= 4:
        return SafeText(f"{local}@{cut(SafeText(domain), room, ellipsis)}")
    kept = max(3, width - 1 - min(cells(domain), width // 2))
    return SafeText(
        f"{cut(SafeText(local), kept, ellipsis)}@{cut(SafeText(domain), width - 1 - min(kept, cells(local)), ellipsis)}"
    )


def pad_left(text: SafeText, width: int) -> SafeText:
    """`text` with blanks before it, exactly `width` cells; cut when it is longer."""
    text = cut(text, width)
    return SafeText(" " * (width - cells(text)) + text)


def _first_cells(text: str, width: int) -> str:
    """The first `width` cells of `text`; a wide character that does not fit is left out, never halved."""
    return text[:width] if text.isascii() else set_cell_size(text, width).rstrip(" ")
