"""The coupons of a basket, at the basket's key: which may meet, and in which order they take off what.

Follows from the state and the request alone, as at the key of a code (tills.py).
"""

from typing import Final

import msgspec

from processors.coupons import answers
from processors.coupons.actions import ACCEPTED, CHECK, DECLINED, LEFT, REDEEM, RESERVE, passed_on
from processors.coupons.changes import REDEEMED, RESERVED
from processors.coupons.conditions import Unmet, discount
from processors.coupons.state import GONE_KEPT, Held, Joined, Meeting
from processors.step import Effect, Step
from schemas.coupons.basket import read_basket
from schemas.coupons.codes import shown
from schemas.coupons.terms import Terms
from schemas.events import CouponRequested
from schemas.ids import hash64
from schemas.reasons import CouponReason

KEPT_US: Final = 7 * 86_400 * 1_000_000
"""How long a basket is remembered after its last coupon."""
_terms = msgspec.json.Decoder(Terms)


def at_basket(held: Held | None, event: CouponRequested) -> Step[Held]:
    """check, left."""
    meeting = held.meeting if held is not None and held.meeting is not None else Meeting()
    use = hash64(f"{event.redemption_id}\x1f{event.code}")
    if event.action == LEFT:
        return Step(Held(meeting=_without(meeting, event, use)))
    if event.action != CHECK or use in meeting.gone:
        return Step(held)
    terms = _terms.decode(event.terms)
    mine = meeting.coupons.get(event.code)
    if mine is None or mine.redemption_id != event.redemption_id or (event.reason, mine.wants) == (REDEEM, RESERVE):
        others = {code: one for code, one in meeting.coupons.items() if code != event.code}
        if (clash := _clash(terms, event.pool, others)) is not None:
            return Step(held, _declined(event, *clash))
        mine = _joined(event, terms, others)
        meeting = Meeting(others | {event.code: mine}, meeting.gone, max(meeting.at, event.received_at))
    state, until = (REDEEMED, 0) if event.reason == REDEEM else (RESERVED, event.expires_at)
    told = answers.done(event, event.code, state, mine.discount, terms.currency, event.pool, until)
    accepted = passed_on(event, event.code, ACCEPTED, amount_micros=mine.discount, terms="", request_id="")
    return Step(Held(meeting=meeting), (*told, accepted))


def _joined(event: CouponRequested, terms: Terms, others: dict[str, Joined]) -> Joined:
    taken = sum(one.discount for one in others.values())
    takes = event.amount_micros or discount(terms, read_basket(event.basket), taken)
    return Joined(event.redemption_id, event.pool, terms.stacking, terms.exclusive, terms.excludes, takes, event.reason)


def _declined(event: CouponRequested, other: str, failed: Unmet) -> tuple[Effect, ...]:
    told = answers.condition_failed(event, failed, **({"coupon": shown(other)} if other else {}))
    return (*told, passed_on(event, event.code, DECLINED, terms="", request_id=""))


def forgotten_at(meeting: Meeting) -> int:
    """When a basket is forgotten, in microseconds."""
    return meeting.at + KEPT_US


def _clash(terms: Terms, pool: str, others: dict[str, Joined]) -> tuple[str, Unmet] | None:
    """The coupon of the basket that this one cannot meet, and why; None: none."""
    for code, other in others.items():
        if terms.exclusive or other.exclusive or other.pool in terms.excludes or pool in other.excludes:
            error = f"The coupon cannot be combined with {shown(code)} of this basket."
            return code, Unmet(CouponReason.EXCLUDED, error)
    if sum(other.pool == pool for other in others.values()) >= terms.per_basket:
        error = f"At most {terms.per_basket} of these coupons can be used in a basket."
        return "", Unmet(CouponReason.PER_BASKET, error)
    for code, other in others.items():
        if other.stacking > terms.stacking:
            error = f"The coupon applies before {shown(code)}: give that back, and use this one first."
            return code, Unmet(CouponReason.STACKING, error)
    return None


def _without(meeting: Meeting, event: CouponRequested, use: int) -> Meeting:
    known = meeting.coupons.get(event.code)
    stays = meeting.coupons
    if known is not None and known.redemption_id == event.redemption_id:
        stays = {code: one for code, one in meeting.coupons.items() if code != event.code}
    gone = meeting.gone if use in meeting.gone else (*meeting.gone, use)[-GONE_KEPT:]
    return Meeting(stays, gone, max(meeting.at, event.received_at or event.occurred_at))
