"""What a till asks of a coupon, at the key of its code: reserve, redeem, release.

Everything follows from the coupon's state and the request: neither the brand of the moment nor the clock is looked at,
so an attempt that a crash undid has told the till what the next attempt does.
"""

import msgspec

from processors.coupons import answers
from processors.coupons.actions import CHECK, LEFT, REDEEM, RELEASE, RESERVE, USED, basket_key, passed_on, sale_key
from processors.coupons.changes import (
    ASKED,
    DOUBLE,
    DOUBLE_REDEMPTION,
    EXPIRED,
    REDEEMED,
    RELEASED,
    RESERVED,
    VOID,
    changed,
    given_back,
    lapsed,
    moved,
)
from processors.coupons.conditions import discount, unmet
from processors.coupons.state import PAST_KEPT, Coupon, Use
from processors.step import Drop, Effect
from schemas.coupons.basket import Basket
from schemas.events import CouponRequested
from schemas.reasons import CouponReason, DropReason

MICROS = 1_000_000
After = tuple[Coupon, tuple[Effect, ...]]
OFFLINE = "offline"
"""Reason of a row: an offline till gave the discount, and took the coupon from a basket that waited; with the reason of
a refusal behind it: and should not have."""


def asked(coupon: Coupon, event: CouponRequested, basket: Basket) -> After:
    """The coupon after a till's request, and its answer."""
    now = event.received_at or event.occurred_at
    coupon, before = lapsed(coupon, now)
    at = min(event.occurred_at, now) if basket.offline else now
    after, effects = _released(coupon, event, at) if event.action == RELEASE else _wanted(coupon, event, basket, at)
    return after, (*before, *effects)


def _wanted(coupon: Coupon, event: CouponRequested, basket: Basket, at: int) -> After:
    mine = coupon.use if coupon.use is not None and coupon.use.redemption_id == event.redemption_id else None
    if mine is None:
        past = next((use for use in reversed(coupon.past) if use.redemption_id == event.redemption_id), None)
        if past is not None:
            return coupon, _as_before(coupon, event, past)
        stands = _in_the_way(coupon, event, basket, at)
        if stands is not None:
            return stands
    elif mine.state == REDEEMED or (mine.state == RESERVED and event.action == RESERVE):
        return coupon, answers.done_again(event, coupon, mine)
    # Whoever has the coupon may redeem it for the basket for which it was reserved without stating that again.
    again = mine is not None and not basket.currency
    if not again and (failed := unmet(coupon.terms, basket, event.store)) is not None:
        rows = _reported(coupon, event, basket, at, failed.reason)
        return coupon, (*rows, *answers.condition_failed(event, failed))
    freed: tuple[Effect, ...] = ()
    if mine is None and coupon.use is not None:  # an offline till gave the discount while another basket waited
        coupon, freed = given_back(coupon, RELEASED, at, event, coupon.use.redemption_id, OFFLINE)
    wants = REDEEM if mine is not None and mine.state == ASKED and mine.wants == REDEEM else event.action
    use = Use(
        event.redemption_id,
        ASKED,
        wants,
        at,
        event.source,
        event.store,
        basket.id or (mine.basket if mine is not None else ""),
        event.sale_event_id or (mine.sale_event_id if mine is not None else ""),
        mine.discount if mine is not None and again else discount(coupon.terms, basket, 0),
        coupon.terms.currency,
        mine.until if mine is not None else at + coupon.terms.reservation_s * MICROS,
        mine is not None and (mine.held or mine.state == RESERVED),
    )
    if mine is not None and mine.basket and mine.basket != use.basket:
        freed = (
            passed_on(event, basket_key(mine.basket), LEFT, code=coupon.code, request_id="", reply_partition=None),
        )
    if use.basket and not basket.offline:
        check = passed_on(
            event,
            basket_key(use.basket),
            CHECK,
            code=coupon.code,
            pool=coupon.pool,
            reason=wants,
            expires_at=use.until,
            amount_micros=use.discount if again else 0,
            terms=msgspec.json.encode(coupon.terms).decode(),
        )
        return msgspec.structs.replace(coupon, use=use), (*freed, check)
    after, effects = taken(coupon, use, event)
    assert after.use is not None
    return after, (*freed, *effects, *answers.done_again(event, coupon, after.use))


def taken(coupon: Coupon, use: Use, event: CouponRequested) -> After:
    """A coupon that a use has now, by what it wants."""
    state = REDEEMED if use.wants == REDEEM else RESERVED
    after = moved(coupon, state, use=msgspec.structs.replace(use, state=state, told=True, held=False))
    effects: tuple[Effect, ...] = (changed(after, use.at, use.redemption_id),)
    if state == REDEEMED and use.sale_event_id:
        of_sale = passed_on(
            event, sale_key(use.sale_event_id), USED, code=coupon.code, sale_event_id=use.sale_event_id, request_id=""
        )
        effects = (*effects, of_sale)
    return after, effects


def _in_the_way(coupon: Coupon, event: CouponRequested, basket: Basket, at: int) -> After | None:
    """What keeps somebody from using the coupon; None: nothing."""
    if coupon.use is not None and coupon.use.state == ASKED and basket.offline:
        return coupon, (passed_on(event, coupon.code, event.action),)  # behind the basket's answer
    if coupon.state == VOID:
        return coupon, (*_reported(coupon, event, basket, at, CouponReason.VOID), *answers.void(event))
    if coupon.state == REDEEMED:
        if basket.offline:
            return _double(coupon, event, basket, at)
        assert coupon.use is not None
        return coupon, answers.used(event, coupon.use)
    if coupon.use is not None and not basket.offline:
        return coupon, answers.reserved(event, coupon.use, coupon.use.until if coupon.use.state == RESERVED else 0)
    if coupon.state == EXPIRED and at >= coupon.expires_at:
        rows = _reported(coupon, event, basket, at, CouponReason.EXPIRED)
        return coupon, (*rows, *answers.expired(event, coupon.expires_at))
    return None


def _as_before(coupon: Coupon, event: CouponRequested, past: Use) -> tuple[Effect, ...]:
    """The answer to a redemption that has ended."""
    if past.state == DOUBLE and past.told:
        return answers.done_again(event, coupon, past, double=True)
    if past.state == DOUBLE and coupon.use is not None:
        return answers.used(event, coupon.use, double=True)
    error = "This redemption was given back: a further one needs another redemption_id."
    return answers.refused(event, answers.CONFLICT, CouponReason.RELEASED, error)


def _double(coupon: Coupon, event: CouponRequested, basket: Basket, at: int) -> After:
    """An offline till gave the discount of a coupon that another used, too. The earlier use is the coupon's; both are
    told what they were told, and the other one is a row."""
    first = coupon.use
    assert first is not None
    use = Use(
        event.redemption_id,
        REDEEMED,
        REDEEM,
        at,
        event.source,
        event.store,
        "",
        event.sale_event_id,
        discount(coupon.terms, basket, 0),
        coupon.terms.currency,
        told=(at, event.redemption_id) < (first.at, first.redemption_id),
    )
    earlier, later = (use, first) if use.told else (first, use)
    past = (*coupon.past, msgspec.structs.replace(later, state=DOUBLE))[-PAST_KEPT:]
    after = moved(coupon, REDEEMED, use=earlier, past=past)
    row = changed(after, later.at, later.redemption_id, DOUBLE_REDEMPTION, later)
    effects: tuple[Effect, ...] = (row, Drop(DropReason.DOUBLE_REDEMPTION))
    if use.told:
        after, booked = taken(after, use, event)
        return after, (*effects, *booked, *answers.done_again(event, coupon, use, double=True))
    return after, (*effects, *answers.used(event, first, double=True))


def _reported(
    coupon: Coupon, event: CouponRequested, basket: Basket, at: int, reason: CouponReason
) -> tuple[Effect, ...]:
    """The row of a refusal that comes too late: an offline till has given the discount."""
    if not basket.offline:
        return ()
    gave = discount(coupon.terms, basket, 0)
    use = Use(
        event.redemption_id, "", event.action, at, event.source, event.store, "", event.sale_event_id, gave,
        coupon.terms.currency,
    )  # fmt: skip
    return (changed(coupon, at, event.redemption_id, f"{OFFLINE}_{reason}", use),)


def _released(coupon: Coupon, event: CouponRequested, at: int) -> After:
    use = coupon.use
    if use is not None and use.redemption_id == event.redemption_id:
        after, effects = given_back(coupon, RELEASED, at, event, event.redemption_id)
        return after, (*effects, *_gave_back(event, coupon))
    if any(past.redemption_id == event.redemption_id and past.state == RELEASED for past in coupon.past):
        return coupon, _gave_back(event, coupon)
    error = "This redemption does not have the coupon."
    return coupon, answers.refused(event, answers.CONFLICT, CouponReason.NOT_HELD, error)


def _gave_back(event: CouponRequested, coupon: Coupon) -> tuple[Effect, ...]:
    return answers.done(event, coupon.code, RELEASED, 0, coupon.terms.currency, coupon.pool)
