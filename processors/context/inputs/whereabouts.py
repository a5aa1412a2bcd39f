"""Where the person is, by the freshest evidence, and how old that is.

1. A tag in the store that they scan, or a touch in a store within the visit gap: they are in the store.
2. The packaging of a product that they bought: they are at home with it. Packaging that they never bought says nothing.
3. A poster or door of a store that they scan: they are near it.
"""

from typing import Final, NamedTuple

from processors.context.situation import Situation
from processors.context.state import VISIT_GAP_US, VisitorPart, is_in_store
from schemas.events import TouchpointIdentified

EVIDENCE: Final = {"beacon_sighting": "sighting", "wifi_association": "network", "portal_login": "network"}
"""What the last touch in a store shows, by its kind; all others are a visit."""
NEAR: Final = frozenset(("poster", "event"))
SECOND_US: Final = 1_000_000


class Whereabouts(NamedTuple):
    """``age_s`` in seconds; ``store`` is empty where it is none."""

    kind: str
    store: str
    evidence: str
    age_s: int


def whereabouts(visitor: VisitorPart, event: TouchpointIdentified, now: Situation) -> Whereabouts | None:
    """None where nothing fresh says where the person is."""
    if is_in_store(event):
        return Whereabouts("in_store", event.store, "tag", 0)
    since = event.occurred_at - visitor.last_seen
    if visitor.store and 0 <= since <= VISIT_GAP_US:
        evidence = EVIDENCE.get(visitor.seen_by, "visit")
        return Whereabouts("in_store", visitor.store, evidence, since // SECOND_US)
    if now.placement == "packaging" and now.bought:
        return Whereabouts("home", "", "tag", 0)
    if now.placement in NEAR and event.store:
        return Whereabouts("near", event.store, "tag", 0)
    return None
