"""How often a tag is scanned, at this gateway."""

from typing import Final

WINDOW_S: Final = 60
MAX_SCANS: Final = 120
"""Scans of one tag within a window, beyond which they are in doubt: people at a poster take turns."""


class TagVelocity:
    """Counts the scans of each tag in windows that start with the first one; bounded by the brand's tags."""

    def __init__(self) -> None:
        self._windows: dict[str, tuple[float, int]] = {}

    def is_exceeded(self, tag_id: str, now_s: float) -> bool:
        """Counts a scan; whether there were too many. :param now_s: monotonic or not, in seconds."""
        since_s, count = self._windows.get(tag_id, (now_s, 0))
        if not 0 <= now_s - since_s < WINDOW_S:
            since_s, count = now_s, 0
        self._windows[tag_id] = (since_s, count + 1)
        return count >= MAX_SCANS
