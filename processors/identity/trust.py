"""Trust that only the device's own history shows: whether it was in two stores at once, and how fast it scans.

All scans of a device come to its node, in one order, so a replay finds the same. What the gateway found is in the
event already.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from processors.distance import distance_m
from processors.identity.state import Seen
from schemas.events import TouchpointRecorded
from schemas.reasons import TrustReason
from schemas.trust.score import trust_of

WINDOW_US: Final = 60_000_000
MAX_SCANS: Final = 30
"""Scans of one device within a minute, beyond which no hand does them."""
FASTEST_M_PER_S: Final = 300.0
"""1,080 km/h: an airliner with tailwind, its way to the airport not counted."""
NEAR_M: Final = 50_000.0
"""Below that the stores' coordinates, and clocks, say too little."""


def assessed(before: Seen, event: TouchpointRecorded, stores: Mapping[str, Any]) -> tuple[Seen, TouchpointRecorded]:
    """A scan with all that speaks against it, and what to remember of it. Times are those of the event: a scan that
    waited in a spool is compared with its neighbours in the order in which they came."""
    at, reasons = event.occurred_at, []
    here, there = _place(stores, event.store), _place(stores, before.store)
    if here is not None and there is not None and event.store != before.store:
        apart_m = _apart_m(here, there)
        if apart_m > NEAR_M and apart_m > FASTEST_M_PER_S * abs(at - before.store_at) / 1e6:
            reasons.append(TrustReason.IMPOSSIBLE_TRAVEL.value)
    if abs(at - before.window_at) < WINDOW_US:
        window_at, count = before.window_at, before.count + 1
    else:
        window_at, count = at, 1
    if count > MAX_SCANS:
        reasons.append(TrustReason.DEVICE_VELOCITY.value)
    store, store_at = (event.store, at) if here is not None else (before.store, before.store_at)
    seen = Seen(store, store_at, window_at, min(count, MAX_SCANS + 1))
    if not reasons:
        return seen, event
    all_reasons = tuple(dict.fromkeys((*event.trust_reasons, *reasons)))
    return seen, msgspec.structs.replace(event, trust=trust_of(all_reasons), trust_reasons=all_reasons)


def _place(stores: Mapping[str, Any], id: str) -> tuple[float, float] | None:
    store = stores.get(id) if id else None
    return store.coordinates if store is not None else None


# Of the pairs of a brand's stores.
_apart_m = lru_cache(4096)(distance_m)
