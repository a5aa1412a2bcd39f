"""Where the person is, by the freshest evidence, and how old that is.

1. A tag in the store that they scan, or a touch in a store within the visit gap: they are in the store.
2. A position that they shared a quarter of an hour ago at most, as far as they allow personalisation: within walking
   distance of a store they are near it, anywhere else away.
3. The packaging of a product that they bought: they are at home with it. Packaging that they never bought says nothing.
4. A poster or event of a store that they scan: they are near it.

Of 2 and 3, near is stronger than home, and home than away.
"""

from typing import Final, NamedTuple

from processors.context.inputs.nearest import nearest_to
from processors.context.inputs.of_situation import ALLOWED
from processors.context.situation import Situation
from processors.context.state import VISIT_GAP_US, VisitorPart, is_in_store
from processors.reference import Reference
from schemas.events import TouchpointIdentified

EVIDENCE: Final = {"beacon_sighting": "sighting", "wifi_association": "network", "portal_login": "network"}
"""What the last touch in a store shows, by its kind; all others are a visit."""
NEAR: Final = frozenset(("poster", "event"))
SECOND_US: Final = 1_000_000
POSITION_US: Final = 15 * 60 * SECOND_US
WALK_M: Final = 1_000
"""A quarter of an hour on foot."""


class Whereabouts(NamedTuple):
    """``age_s`` in seconds; ``store`` is empty where it is none."""

    kind: str
    store: str
    evidence: str
    age_s: int


def whereabouts(
    visitor: VisitorPart, event: TouchpointIdentified, now: Situation, reference: Reference
) -> Whereabouts | None:
    """None where nothing fresh says where the person is."""
    if is_in_store(event):
        return Whereabouts("in_store", event.store, "tag", 0)
    since = event.occurred_at - visitor.last_seen
    if visitor.store and 0 <= since <= VISIT_GAP_US:
        evidence = EVIDENCE.get(visitor.seen_by, "visit")
        return Whereabouts("in_store", visitor.store, evidence, since // SECOND_US)
    shared = _by_position(visitor, event, now, reference)
    if shared is not None and shared.kind == "near":
        return shared
    if now.placement == "packaging" and now.bought:
        return Whereabouts("home", "", "tag", 0)
    if now.placement in NEAR and event.store:
        return Whereabouts("near", event.store, "tag", 0)
    return shared


def _by_position(
    visitor: VisitorPart, event: TouchpointIdentified, now: Situation, reference: Reference
) -> Whereabouts | None:
    if visitor.position is None or (isinstance(now.consent, str) and now.consent not in ALLOWED):
        return None
    at, *point = visitor.position
    age = event.occurred_at - at
    if not 0 <= age <= POSITION_US:
        return None
    found = nearest_to((point[0], point[1]), reference)
    if found is None:
        return None
    distance, store = found
    near = distance <= WALK_M
    return Whereabouts("near" if near else "away", store if near else "", "position", age // SECOND_US)
