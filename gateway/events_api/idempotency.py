"""The idempotency cache: the events acknowledged lately, so that a retry is answered without publishing it again, and
another event under the same id is answered as a conflict.

It saves work and answers at once; it decides nothing: beyond its size, after a restart and for what another gateway
took, intake counts each event once and rejects the conflict.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum, auto
from typing import Final

from schemas.events import StockReported, TouchpointReceived
from schemas.identifiers.types import is_blocked

MAX_EVENTS = 200_000
HASH_BYTES: Final = 8
"""Kept of the hash of a content or an identifier, which are of 16."""

Known = bytes
"""What is known of an event: the hash of its content, then those of its identifiers. One object, because there are many
of them: some 60 bytes."""


class Sighting(Enum):
    """What an event is beside those before it: the first of its id, one that has more identifiers than before, the same
    again, or another one under its id."""

    NEW = auto()
    MORE = auto()
    SAME = auto()
    OTHER = auto()


def known_of(event: TouchpointReceived | StockReported, content: str) -> Known:
    """What there is to know of an event. :param content: hash of its content, 32 hex digits."""
    identifiers = event.identifiers if isinstance(event, TouchpointReceived) else ()
    hashes = [one[-2 * HASH_BYTES :] for one in identifiers if not is_blocked(one)]
    return bytes.fromhex(content[: 2 * HASH_BYTES] + "".join(hashes))


def sighting(known: Known | None, event: Known) -> Sighting:
    """What an event is beside the one that is known under its id."""
    if known is None:
        return Sighting.NEW
    if known == event:
        return Sighting.SAME
    if known[:HASH_BYTES] != event[:HASH_BYTES]:
        return Sighting.OTHER
    return Sighting.SAME if {*_hashes(event)} <= {*_hashes(known)} else Sighting.MORE


def joined(known: Known | None, event: Known) -> Known:
    """The event with the identifiers of both."""
    return event if known is None else event[:HASH_BYTES] + b"".join(dict.fromkeys((*_hashes(known), *_hashes(event))))


def _hashes(known: Known) -> Iterator[bytes]:
    return (known[at : at + HASH_BYTES] for at in range(HASH_BYTES, len(known), HASH_BYTES))


class IdempotencyCache:
    """The last ``max_events`` acknowledged events, by their id."""

    def __init__(self, max_events: int = MAX_EVENTS) -> None:
        self._max_events = max_events
        # A plain dict would search through the deleted entries at its front for each id that is evicted.
        self._events: OrderedDict[str, Known] = OrderedDict()

    def get(self, event_id: str) -> Known | None:
        return self._events.get(event_id)

    def add(self, acknowledged: Mapping[str, Known] | Iterable[tuple[str, Known]]) -> None:
        """Called with events that Kafka or the spool has, never before."""
        self._events.update(acknowledged)
        while len(self._events) > self._max_events:
            self._events.popitem(last=False)
