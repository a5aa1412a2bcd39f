"""Splits the body of a request into the JSON of its events, byte for byte.

For bodies that the JSON parser refuses as a whole (NaN, half a surrogate pair, nesting without end in one event): each
event keeps its own bytes, so that only the one at fault is rejected and the numbers of the others stay exact.
"""

import re
from collections.abc import Generator
from typing import Final

_BEGIN: Final = re.compile(rb'\s*\{\s*"events"\s*:\s*\[')
_END: Final = re.compile(rb"\s*\}\s*")
_MARK: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{},"]', re.DOTALL)
_OPENER: Final = {b"]": b"[", b"}": b"{"}


PAUSE_AFTER: Final = 1000
"""Marks between two pauses, of some microseconds each."""


def split_steps(body: bytes, max_events: int) -> Generator[None, None, list[bytes] | None]:
    """The events of ``{"events": […]}``, at most one more than ``max_events``; None when the body has no such shape.

    Whether each event is JSON is not said. Pauses now and then: a megabyte takes a second.
    """
    begin = _BEGIN.match(body)
    if begin is None:
        return None
    events: list[bytes] = []
    open_ones: list[bytes] = []
    start = begin.end()
    for count, mark in enumerate(_MARK.finditer(body, start), 1):
        if count % PAUSE_AFTER == 0:
            yield
        found = mark[0]
        if found in (b"[", b"{"):
            open_ones.append(found)
        elif found in _OPENER and open_ones:
            if open_ones.pop() != _OPENER[found]:
                return None
        elif not open_ones and found in (b",", b"]"):
            event = body[start : mark.start()].strip()
            if not event and (events or found == b","):
                return None
            events += [event] if event else []
            start = mark.end()
            if len(events) > max_events:
                return events
            if found == b"]":
                return events if _END.fullmatch(body, start) else None
        elif found in (b"}", b'"'):
            return None
    return None
