"""Where a server is, and that its key stays unseen."""

from __future__ import annotations

from cc_tui.config.endpoint import Endpoint


def test_an_endpoint_in_a_traceback_does_not_show_its_key() -> None:
    endpoint = Endpoint("http://127.0.0.1:1", "cc_live_0123456789abcdef")
    assert "0123456789" not in repr(endpoint)
    assert endpoint.url in repr(endpoint)
