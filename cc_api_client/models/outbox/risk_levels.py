"""The two scores at which a draft is treated with more care: by the server's holds and by the app's keys alike."""

from __future__ import annotations

CAREFUL_FROM = 40
"""From here it is held twice as long, and has to be read to its end."""
HIGH_FROM = 70
"""From here it is held four times as long, is counted as high risk, and takes a second key."""
