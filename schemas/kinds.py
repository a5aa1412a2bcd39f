"""The kinds of touchpoints, and which scope of an API key may send each.

Scopes keep a leaked web key from minting sales: ``events:write`` sends everything, the others one family.
"""

from typing import Final

SCAN: Final = "scan"
NFC_TAP: Final = "nfc_tap"
SALE: Final = "sale"
RETURN: Final = "return"
STOCK_REPORTED: Final = "stock_reported"
COST_REPORTED: Final = "cost_reported"
"""What a campaign cost on a day; like stock_reported it is about no person."""
LINKED: Final = "identity_linked"
UNLINKED: Final = "identity_unlinked"
"""An operator's word on two identifiers: they are one person's, or not, whatever other events say."""
PROBE: Final = "probe"
"""A question of the gateway to the stream: can you answer? Made by the gateway alone, never stored, never rewarded."""

FAMILIES: Final[dict[str, frozenset[str]]] = {
    "web": frozenset(
        {
            "page_view",
            "product_view",
            "cart_updated",
            "ad_impression",
            "ad_click",
            "app_opened",
            "order_placed",
            "survey_answered",
            "nps_answered",
            "review_written",
            "referral_made",
            "coupon_shown",
        }
    ),
    "sensor": frozenset(
        {
            SCAN,
            NFC_TAP,
            "beacon_sighting",
            "wifi_association",
            "portal_login",
            "door_count",
            "store_entry",
            "store_exit",
            "shelf_pickup",
            "shelf_putback",
            "kiosk_used",
            "event_checkin",
        }
    ),
    "till": frozenset(
        {
            SALE,
            RETURN,
            STOCK_REPORTED,
            "coupon_redeemed",
            "receipt_shown",
            "reservation_made",
            "staff_note",
        }
    ),
    "crm": frozenset(
        {
            "crm_contact",
            "consent_given",
            "consent_withdrawn",
            "message_sent",
            "message_opened",
            "message_clicked",
            "message_replied",
            "profile_completed",
        }
    ),
    "identity": frozenset({LINKED, UNLINKED}),
    "costs": frozenset({COST_REPORTED}),
}
TYPES: Final[frozenset[str]] = frozenset().union(*FAMILIES.values())
VERDICTS: Final[frozenset[str]] = frozenset({LINKED, UNLINKED})
"""Kinds that say something of two identifiers, and nothing of what their person did."""
MONEY: Final[frozenset[str]] = frozenset({SALE, RETURN})
"""Kinds that must carry an amount and a currency, and tell what a person paid or got back."""
OFFLINE: Final[frozenset[str]] = FAMILIES["sensor"] | FAMILIES["till"] - MONEY - {STOCK_REPORTED}
"""Kinds of touches in the physical world. A sale is none: the channel that it names may be any."""
SCOPES: Final[tuple[str, ...]] = ("events:write", *(f"events:{family}" for family in FAMILIES))


def types_of(scopes: tuple[str, ...]) -> frozenset[str]:
    """Kinds that a key with these scopes may send; empty when none of them lets it send events."""
    if "events:write" in scopes:
        return TYPES
    return frozenset().union(*(FAMILIES[s.removeprefix("events:")] for s in scopes if s in SCOPES))
