"""When routes may answer: their schedules, and how soon again to the same person.

What was answered is remembered by the event's hash as well, so that the same scan, once more, gets the same answer.
"""

from collections.abc import Iterable

import msgspec

from processors.context.lately import Answered
from schemas.brand.model import Brand, Route
from schemas.brand.schedule import Schedule, off_schedule, window_us
from schemas.events import TouchpointIdentified
from schemas.ids import hash64

MINUTE_US = 60 * 1_000_000
MINUTES_KEPT = 4096
LATELY = "answered to this person not long ago"
Lost = tuple[tuple[str, str], ...]
"""Routes that may not answer now, and why."""


class Timing:
    """Of a brand's routes. ``limited`` has the hash and the window (microseconds) of those that do not answer the same
    person again within a time. Schedules are to the minute, so their outcomes are remembered by minute and zone."""

    def __init__(self, routes: Iterable[Route]) -> None:
        routes = tuple(routes)
        self._schedules = [(one.id, one.schedule) for one in routes if isinstance(one.schedule, Schedule)]
        self.limited = {
            one.id: (hash64(one.id), window_us(one.not_again_within) or 0)
            for one in routes
            if isinstance(one.not_again_within, str)
        }
        self._minutes: dict[tuple[int, str], Lost] = {}

    @property
    def has_schedules(self) -> bool:
        return bool(self._schedules)

    def answered_lately(self, answers: Iterable[Answered], event: TouchpointIdentified) -> tuple[str, ...]:
        """The routes that answered the person within their window before the event, and not the event itself."""
        this, found = hash64(event.event_id), []
        for id, (route, window) in self.limited.items():
            given = [answer for answer in answers if answer.route == route]
            if any(answer.event == this for answer in given):
                continue
            if any(0 <= event.occurred_at - answer.at < window for answer in given):
                found.append(id)
        return tuple(found)

    def lost(self, at: int | msgspec.UnsetType, zone: str, lately: tuple[str, ...] | msgspec.UnsetType) -> Lost:
        """The routes that may not answer at a moment (microseconds). :param zone: of the store, or empty."""
        found = () if not self._schedules or isinstance(at, msgspec.UnsetType) else self._off_schedule(at, zone)
        if isinstance(lately, msgspec.UnsetType) or not lately:
            return found
        return (*found, *((id, LATELY) for id in lately))

    def _off_schedule(self, at: int, zone: str) -> Lost:
        key = at // MINUTE_US, zone
        found = self._minutes.get(key)
        if found is None:
            if len(self._minutes) >= MINUTES_KEPT:
                self._minutes.clear()
            reasons = ((id, off_schedule(schedule, at, zone)) for id, schedule in self._schedules)
            found = self._minutes[key] = tuple((id, reason) for id, reason in reasons if reason)
        return found


def zone_of(store: str, brand: Brand) -> str:
    """The time zone of a store; empty where there is none."""
    found = brand.stores.get(store)
    return found.time_zone if found is not None else ""
