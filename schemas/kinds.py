"""The kinds of touchpoints, one line each, and which scope of an API key may send each.

Scopes keep a leaked web key from minting sales: ``events:write`` sends everything, the others one family.
"""

from dataclasses import dataclass
from typing import Final

SCAN: Final = "scan"
NFC_TAP: Final = "nfc_tap"
SALE: Final = "sale"
RETURN: Final = "return"
ORDER_PLACED: Final = "order_placed"
STOCK_REPORTED: Final = "stock_reported"
CAPACITY_REPORTED: Final = "capacity_reported"
COST_REPORTED: Final = "cost_reported"
CONSENT_GIVEN: Final = "consent_given"
CONSENT_WITHDRAWN: Final = "consent_withdrawn"
CONSENT: Final = frozenset((CONSENT_GIVEN, CONSENT_WITHDRAWN))
"""What people say about the use of their data (``schemas.consent``)."""
POINTS_SPENT: Final = "points_spent"
POINTS_RETURNED: Final = "points_returned"
POINTS_ADJUSTED: Final = "points_adjusted"
POINTS_TRANSFERRED: Final = "points_transferred"
POINTS: Final = frozenset((POINTS_SPENT, POINTS_RETURNED, POINTS_ADJUSTED, POINTS_TRANSFERRED))
"""What moves points of an account (``schemas.points``)."""
LINKED: Final = "identity_linked"
UNLINKED: Final = "identity_unlinked"
CARD_ADDED: Final = "card_added"
"""A phone adds the brand's card to its wallet; the gateway says so, with the device and the card's number."""
PROBE: Final = "probe"
"""A question of the gateway to the stream: can you answer? Made by the gateway alone, never stored, never rewarded."""

PREVIEW: Final = "preview"
"""A bot, a messenger or a browser looked at a tag's link for nobody yet. Made by the gateway alone."""
SCAN_REFUSED: Final = "scan_refused"
"""A link that proves nothing, of a tag that demands it. Made by the gateway alone."""
REFERRER: Final = "fp_referrer"
"""Property of a scan of a personal link: the source profile whose link it is. Of the scans of gateways alone, whose
source is :data:`SCAN`; no table has it."""
NOBODYS: Final = frozenset((PREVIEW, SCAN_REFUSED))
"""Kinds without a person: they are kept, and nothing follows from them."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of touchpoint that senders may send.

    ``name`` is the event's ``type``; ``family`` names the scope that may send it, ``also`` further ones. ``money``: it
    must carry an amount and a currency, and records what a person paid or got back. ``override``: an operator's
    statement that two identifiers belong together or do not; it records nothing that their person did. ``personal`` is
    false for what is about no person, such as stock.
    """

    name: str
    family: str
    money: bool = False
    override: bool = False
    personal: bool = True
    also: tuple[str, ...] = ()


KINDS: Final = (
    Kind("page_view", "web"),
    Kind("product_view", "web"),
    Kind("cart_updated", "web"),
    Kind("ad_impression", "web"),
    Kind("ad_click", "web"),
    Kind("app_opened", "web"),
    Kind(ORDER_PLACED, "web"),
    Kind("survey_answered", "web"),
    Kind("nps_answered", "web"),
    Kind("review_written", "web"),
    Kind("referral_made", "web"),
    Kind("coupon_shown", "web"),
    Kind(CARD_ADDED, "web"),
    Kind(SCAN, "sensor"),
    Kind(NFC_TAP, "sensor"),
    Kind("beacon_sighting", "sensor"),
    Kind("wifi_association", "sensor"),
    Kind("portal_login", "sensor"),
    Kind("door_count", "sensor"),
    Kind("store_entry", "sensor"),
    Kind("store_exit", "sensor"),
    Kind("shelf_pickup", "sensor"),
    Kind("shelf_putback", "sensor"),
    Kind("kiosk_used", "sensor"),
    Kind("event_checkin", "sensor"),
    Kind(SALE, "till", money=True),
    Kind(RETURN, "till", money=True),
    Kind(STOCK_REPORTED, "till", personal=False),
    Kind(CAPACITY_REPORTED, "till", personal=False, also=("sensor",)),
    Kind("coupon_redeemed", "till"),
    Kind(POINTS_SPENT, "till"),
    Kind(POINTS_RETURNED, "till"),
    Kind("receipt_shown", "till"),
    Kind("reservation_made", "till"),
    Kind("staff_note", "till"),
    Kind("crm_contact", "crm"),
    Kind(CONSENT_GIVEN, "crm", also=("web", "sensor", "till")),
    Kind(CONSENT_WITHDRAWN, "crm", also=("web", "sensor", "till")),
    Kind("message_sent", "crm"),
    Kind("message_opened", "crm"),
    Kind("message_clicked", "crm"),
    Kind("message_replied", "crm"),
    Kind("profile_completed", "crm"),
    Kind(POINTS_ADJUSTED, "points"),
    Kind(POINTS_TRANSFERRED, "points"),
    Kind(LINKED, "identity", override=True),
    Kind(UNLINKED, "identity", override=True),
    Kind(COST_REPORTED, "costs", personal=False),
)
"""Every kind, by family. All sets below derive from this table."""

FAMILIES: Final[dict[str, frozenset[str]]] = {
    family: frozenset(kind.name for kind in KINDS if kind.family == family)
    for family in dict.fromkeys(kind.family for kind in KINDS)
}
SENDABLE: Final[dict[str, frozenset[str]]] = {
    family: names | frozenset(kind.name for kind in KINDS if family in kind.also) for family, names in FAMILIES.items()
}
"""The kinds that the scope of a family may send: its own, and those that may be said anywhere."""
TYPES: Final[frozenset[str]] = frozenset(kind.name for kind in KINDS)
OVERRIDES: Final[frozenset[str]] = frozenset(kind.name for kind in KINDS if kind.override)
MONEY: Final[frozenset[str]] = frozenset(kind.name for kind in KINDS if kind.money)
OFFLINE: Final[frozenset[str]] = frozenset(
    kind.name
    for kind in KINDS
    if kind.family in ("sensor", "till") and kind.personal and not kind.money and kind.name not in POINTS
)
"""Kinds of touches in the physical world. A sale is none: the channel that it names may be any; what moves points is
none either."""
WRITE: Final = "events:write"
SCOPES: Final[tuple[str, ...]] = (WRITE, *(f"events:{family}" for family in FAMILIES))
PRIVACY: Final = "privacy"
"""The scope for requests about people's data, which sends no kind of event through the events API."""
STAFF: Final = "staff"
"""The scope of people in a store, who may see the profile of the shopper they serve; it sends no kind of event."""
TILL: Final = "events:till"
"""The scope of tills, which use coupons, too."""
CRM: Final = "events:crm"
"""The scope of a system that knows customers: its programs may ask for profiles, too."""


def types_of(scopes: tuple[str, ...]) -> frozenset[str]:
    """Kinds that a key with these scopes may send; empty when none of the scopes is about events."""
    if WRITE in scopes:
        return TYPES
    return frozenset().union(*(SENDABLE[s.removeprefix("events:")] for s in scopes if s in SCOPES))
