"""Tests of reliability begin where those of the server do: with a house."""

from tests.server.conftest import api, house, server

__all__ = ["api", "house", "server"]
