"""What returns do to the coupons that their sales used: the sale's key knows both, in whatever order they come."""

from typing import Final

import msgspec

from processors.coupons.actions import REFUND, RETURN, USED, passed_on
from processors.coupons.changes import REDEEMED, RELEASED, VOID, given_back
from processors.coupons.state import Coupon, Held, SaleCoupons
from processors.step import Drop, Effect, Emit, Step
from schemas.events import CouponRequested
from schemas.reasons import DropReason

EXCHANGE: Final = "exchange"
MOST_CODES: Final = 100
MOST_RETURNS: Final = 100
REFUNDS_KEPT: Final = 16
DUPLICATE: Final = Drop(DropReason.DUPLICATE)


def at_sale(held: Held | None, event: CouponRequested) -> Step[Held]:
    """used, return."""
    sale = held.sale if held is not None and held.sale is not None else SaleCoupons()
    if event.action == USED:
        if event.code in sale.codes or len(sale.codes) >= MOST_CODES:
            return Step(held, (DUPLICATE,))
        after = msgspec.structs.replace(sale, codes=(*sale.codes, event.code))
        returns = tuple(_refund(event, event.code, id, *said) for id, said in sale.returns.items())
        return Step(Held(sale=after), returns)
    if event.action != RETURN or event.source_event_id in sale.returns or len(sale.returns) >= MOST_RETURNS:
        return Step(held, (DUPLICATE,))
    said = (event.amount_micros, event.left_micros, event.reason)
    after = msgspec.structs.replace(sale, returns=sale.returns | {event.source_event_id: said})
    return Step(Held(sale=after), tuple(_refund(event, code, event.source_event_id, *said) for code in sale.codes))


def _refund(event: CouponRequested, code: str, return_id: str, back: int, left: int, reason: str) -> Emit:
    sale = event.key.partition("/")[2]
    return passed_on(
        event,
        code,
        f"{REFUND}",
        code=code,
        source_event_id=return_id,
        sale_event_id=sale,
        amount_micros=back,
        left_micros=left,
        reason=reason,
        occurred_at=event.occurred_at,
    )


def refunded(coupon: Coupon, event: CouponRequested) -> Step[Held]:
    """At the key of a code: something was returned of the sale that used it. What becomes of it, its terms say."""
    use = coupon.use
    if (
        use is None
        or use.state != REDEEMED
        or use.sale_event_id != event.sale_event_id
        or event.source_event_id in coupon.refunds
    ):
        return Step(Held(coupon), (DUPLICATE,))
    terms = coupon.terms
    policy = terms.exchange if event.reason == EXCHANGE else terms.full if event.left_micros <= 0 else terms.partial
    refunds = (*coupon.refunds, event.source_event_id)[-REFUNDS_KEPT:]
    effects: tuple[Effect, ...] = ()
    coupon = msgspec.structs.replace(coupon, refunds=refunds)
    if policy != "keep":
        state = VOID if policy == "void" else RELEASED
        coupon, effects = _given_back(coupon, state, event)
    return Step(Held(coupon), effects)


def _given_back(coupon: Coupon, state: str, event: CouponRequested) -> tuple[Coupon, tuple[Effect, ...]]:
    return given_back(coupon, state, event.occurred_at, event, event.source_event_id, event.reason or REFUND)
