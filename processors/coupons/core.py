"""Coupons: reads coupon-requested, writes coupon-changed and coupon-answered, and coupon-requested between its keys.

A key is a code, ``pool/<pool>``, ``pool/<pool>/<ordinal>``, ``basket/<namespace>/<id>`` or ``sale/<event id>``; no code
has a slash. All that concerns a coupon is on one topic and so in one order: of a thousand tills the first one gets it.
Nothing of an answer depends on more than that order, so answers need not wait for a commit: what a crash undoes is
decided again in the same way. What depends on the brand of the moment (issues, imports) is transactional.
"""

import msgspec

from processors.coupons import answers
from processors.coupons.actions import (
    ACCEPTED,
    DECLINED,
    FORGET,
    IMPORT,
    ISSUE,
    LEFT,
    NUMBERED,
    OF_TILLS,
    REDEEM,
    REFUND,
    SHOW,
    VOID,
    passed_on,
)
from processors.coupons.baskets import at_basket, forgotten_at
from processors.coupons.changes import (
    ASKED,
    FREE,
    ISSUED,
    RESERVED,
    SHOWN,
    changed,
    given_back,
    lapsed,
    lapses_at,
    moved,
)
from processors.coupons.changes import VOID as IS_VOID
from processors.coupons.issuing import at_ordinal, got_number, imported, issued, numbered
from processors.coupons.sales import at_sale, refunded
from processors.coupons.state import Coupon, Held
from processors.coupons.tills import asked, taken
from processors.reference import Reference
from processors.step import PURGE, Drop, Effect, Processor, Reject, Step
from schemas.coupons.basket import read_basket
from schemas.events import CouponRequested
from schemas.ids import SLASH
from schemas.reasons import DropReason, RejectReason
from schemas.topics import COUPON_ANSWERED, COUPON_CHANGED, COUPON_REQUESTED

DUPLICATE = Drop(DropReason.DUPLICATE)
TOO_LATE = "too_late"
"""Reason of a row: the coupon was to be void, and had been used."""


def step(held: Held | None, event: CouponRequested, reference: Reference) -> Step[Held]:
    """What a request comes to at its key."""
    of, slash, rest = event.key.partition(SLASH)
    if not slash:
        return _at_code(held, event, reference)
    if of == "basket":
        return at_basket(held, event)
    if of == "sale":
        return at_sale(held, event)
    if of == "pool":
        return at_ordinal(held, event, reference) if SLASH in rest else numbered(held, event)
    return Step(held, (Reject(RejectReason.INVALID, "no such key", "key"),))


def _at_code(held: Held | None, event: CouponRequested, reference: Reference) -> Step[Held]:
    if event.action == ISSUE:
        return issued(held, event)
    if event.action == IMPORT:
        return imported(held, event, reference)
    coupon = held.coupon if held is not None else None
    if coupon is None:
        return Step(held, answers.unknown(event) or (DUPLICATE,))
    if event.action in OF_TILLS:
        return _with(asked(coupon, event, read_basket(event.basket)))
    if event.action in (ACCEPTED, DECLINED):
        return _with(_decided(coupon, event))
    if event.action == REFUND:
        return refunded(coupon, event)
    if event.action == VOID:
        return _with(_void(coupon, event))
    if event.action == FORGET:
        nobodys = msgspec.structs.replace(coupon, person_id="", source_profile_id="")
        return Step(Held(nobodys), (PURGE,)) if coupon.source_profile_id else Step(held, (DUPLICATE,))
    if event.action == NUMBERED:
        return got_number(coupon, event)
    if event.action == SHOW and coupon.state == ISSUED:
        shown = moved(coupon, SHOWN)
        return Step(Held(shown), (changed(shown, event.occurred_at, SHOWN),))
    return Step(held, (DUPLICATE,))


def _decided(coupon: Coupon, event: CouponRequested) -> tuple[Coupon, tuple[Effect, ...]]:
    """A basket has answered."""
    use = coupon.use
    if event.action == ACCEPTED and (use is None or use.redemption_id != event.redemption_id):
        # A question that was asked twice, or of a use that has ended: the basket has what it should not have.
        return coupon, (passed_on(event, event.sender, LEFT),)
    if use is None or use.state != ASKED or use.redemption_id != event.redemption_id or use.wants != event.reason:
        return coupon, (DUPLICATE,)
    if event.action == ACCEPTED:
        return taken(coupon, msgspec.structs.replace(use, discount=event.amount_micros), event)
    if use.held:
        return msgspec.structs.replace(coupon, use=msgspec.structs.replace(use, state=RESERVED, held=False)), ()
    return msgspec.structs.replace(coupon, use=None), ()


def _void(coupon: Coupon, event: CouponRequested) -> tuple[Coupon, tuple[Effect, ...]]:
    """An operator, or the return of what earned it, withdraws the coupon."""
    if coupon.use is not None and coupon.use.state == ASKED:
        return coupon, (passed_on(event, coupon.code, VOID),)  # behind the basket's answer
    if coupon.use is not None and coupon.use.wants == REDEEM:
        return coupon, (changed(coupon, event.occurred_at, event.event_id, TOO_LATE),)
    if coupon.state not in (*FREE, RESERVED):
        return coupon, (DUPLICATE,)
    return given_back(coupon, IS_VOID, event.occurred_at, event, event.event_id, event.reason)


def _with(after: tuple[Coupon, tuple[Effect, ...]]) -> Step[Held]:
    return Step(Held(after[0]), after[1])


def wakes(held: Held) -> int | None:
    """A reservation that ends, a coupon that expires, a basket that is forgotten."""
    if held.coupon is not None:
        return lapses_at(held.coupon)
    return forgotten_at(held.meeting) if held.meeting is not None else None


def due(held: Held, at: int, reference: Reference) -> Step[Held]:
    """What time does."""
    return Step(None) if held.coupon is None else _with(lapsed(held.coupon, at))


def merge(winner: Held | None, loser: Held) -> Step[Held]:
    """A coupon belongs to no person's state: it is only ever merged with itself."""
    return Step(winner or loser)


def erase(held: Held) -> tuple[Effect, ...]:
    """Nothing here is by person."""
    return ()


PROCESSOR = Processor(
    name="coupons",
    sources=(COUPON_REQUESTED,),
    emits=(COUPON_REQUESTED, COUPON_CHANGED, COUPON_ANSWERED),
    state=Held,
    step=step,
    merge=merge,
    erase=erase,
    knows_duplicates=True,
    wakes=wakes,
    due=due,
)
