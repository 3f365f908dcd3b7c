"""What is offered while something is open comes up afterwards, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from cc_tui.ui.dialogs.overlays import Ground, Overlays
from cc_tui.ui.dialogs.sheet import Sheet


class BareGround:
    """What sheets lie on, where nothing is drawn."""

    focused = None

    def mount(self, *widgets: object) -> None: ...

    def set_focus(self, widget: None) -> None: ...

    def call_later(self, callback: Callable[[], None]) -> None:
        callback()

    def cover_tab(self) -> None: ...

    def uncover_tab(self) -> None: ...

    def frame_changed(self) -> None: ...


class BareSheet:
    """Something that is open."""

    def leave(self) -> None: ...

    def remove(self) -> None: ...


def test_an_offer_that_has_become_empty_holds_up_none_behind_it() -> None:
    overlays = Overlays(cast("Ground", BareGround()))
    made: list[str] = []

    def open_one() -> None:
        made.append("opened")
        overlays.open_sheet(cast("Sheet", BareSheet()))

    overlays.open_sheet(cast("Sheet", BareSheet()))
    overlays.when_free(lambda: made.append("nothing to ask any more"))
    overlays.when_free(open_one)
    overlays.when_free(lambda: made.append("after it"))
    assert made == []
    overlays.close_sheet()
    assert made == ["nothing to ask any more", "opened"]
    overlays.close_sheet()
    assert made[-1] == "after it"
