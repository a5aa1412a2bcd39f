"""What returns mean for the coupons that their sales used: the sale's key of coupons hears of each return once.

Only sales that say that they used coupons (property ``coupons``) are looked at, and returns that say that they are part
of an exchange (property ``exchange``).
"""

from typing import Final

import msgspec

from processors.purchases import Sale
from processors.step import Emit
from schemas.events import CouponRequested, TouchpointIdentified
from schemas.ids import derived

RETURN: Final = "return"
EXCHANGE: Final = "exchange"


def has_coupons(sale: TouchpointIdentified) -> bool:
    """Whether a sale says that coupons were used in it."""
    return '"coupons"' in sale.properties and bool(_properties(sale).get("coupons"))


def exchanged(back: TouchpointIdentified) -> tuple[Emit, ...]:
    """That something of a sale was exchanged; nothing where the return says no such thing."""
    if not back.related_event_id or '"exchange"' not in back.properties or not _properties(back).get(EXCHANGE):
        return ()
    return (_returned(back.related_event_id, back.event_id, back.occurred_at, back.amount_micros or 0, 0, EXCHANGE),)


def taken_back(sale_event_id: str, return_event_id: str, at: int, before: Sale, now: Sale) -> Emit:
    """That a return is booked on a sale. :param at: when it happened, in microseconds."""
    return _returned(sale_event_id, return_event_id, at, before.left_micros - now.left_micros, now.left_micros, "")


def _returned(sale_event_id: str, return_event_id: str, at: int, back: int, left: int, reason: str) -> Emit:
    event = CouponRequested(
        event_id=derived("coupon return", sale_event_id, return_event_id, reason),
        occurred_at=at,
        key=f"sale/{sale_event_id}",
        action=RETURN,
        sale_event_id=sale_event_id,
        source_event_id=return_event_id,
        amount_micros=back,
        left_micros=left,
        reason=reason,
    )
    return Emit(event, transactional=True)


def _properties(event: TouchpointIdentified) -> dict[str, object]:
    try:
        found = msgspec.json.decode(event.properties)
    except msgspec.DecodeError:  # as other producers may have written it
        return {}
    return found if isinstance(found, dict) else {}
