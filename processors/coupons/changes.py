"""Changes of a coupon's state, and the events that say so."""

from typing import Final

import msgspec

from processors.coupons.actions import LEFT, basket_key, passed_on
from processors.coupons.state import PAST_KEPT, Coupon, Use
from processors.step import Effect, Emit
from schemas.events import CouponChanged, CouponRequested
from schemas.ids import derived

ISSUED: Final = "issued"
SHOWN: Final = "shown"
RESERVED: Final = "reserved"
REDEEMED: Final = "redeemed"
RELEASED: Final = "released"
EXPIRED: Final = "expired"
VOID: Final = "void"
ASKED: Final = "asked"
DOUBLE: Final = "double"
UNANSWERED_US: Final = 3_600_000_000
FREE: Final = frozenset((ISSUED, SHOWN, RELEASED))
"""States in which a coupon can be used."""
ABANDONED: Final = "abandoned"
DOUBLE_REDEMPTION: Final = "double_redemption"
"""Reasons of rows: the basket was left standing; an offline till used a coupon that was used elsewhere, too."""


def changed(coupon: Coupon, at: int, cause: str, reason: str = "", use: Use | None = None) -> Emit:
    """The event that a coupon is now as it is.

    :param at: when (microseconds). :param cause: what changed it, unique for the coupon and its state. :param use: the
        till's use that it is about, by default the present one.
    """
    about = use or coupon.use
    event = CouponChanged(
        event_id=derived("coupon-changed", coupon.code, coupon.state, reason, cause),
        occurred_at=at,
        code=coupon.code,
        pool=coupon.pool,
        ordinal=coupon.ordinal,
        state=coupon.state,
        version=coupon.version,
        reason=reason,
        person_id=coupon.person_id,
        source_profile_id=coupon.source_profile_id,
        rule=coupon.rule,
        rule_version=coupon.rule_version,
        source_event_id=coupon.source_event_id,
        campaign=coupon.campaign,
        source=about.source if about else "",
        store=about.store if about else "",
        redemption_id=about.redemption_id if about else "",
        sale_event_id=about.sale_event_id if about else "",
        discount_micros=about.discount if about else 0,
        currency=about.currency if about else "",
        expires_at=coupon.expires_at,
    )
    return Emit(event)


def moved(coupon: Coupon, state: str, /, **fields: object) -> Coupon:
    """The coupon in a state, one version later."""
    return msgspec.structs.replace(coupon, state=state, version=coupon.version + 1, **fields)


def ended(coupon: Coupon, how: str) -> tuple[Use, ...]:
    """The past of a coupon whose present use ends so."""
    if coupon.use is None:
        return coupon.past
    return (*coupon.past, msgspec.structs.replace(coupon.use, state=how))[-PAST_KEPT:]


def given_back(
    coupon: Coupon, state: str, at: int, event: CouponRequested | None, cause: str, reason: str = ""
) -> tuple[Coupon, tuple[Effect, ...]]:
    """A coupon whose use ends: it is in a state without one, and its basket knows.

    :param event: what asked for it; None: a timer.
    """
    use = coupon.use
    after = moved(coupon, state, use=None, past=ended(coupon, RELEASED))
    effects: tuple[Effect, ...] = (changed(after, at, cause, reason, use),)
    if use is not None and use.basket:
        asked = event or CouponRequested(
            event_id=derived("coupon", coupon.code, cause, reason), occurred_at=at, key=coupon.code, action=LEFT
        )
        left = passed_on(
            asked,
            basket_key(use.basket),
            LEFT,
            code=coupon.code,
            redemption_id=use.redemption_id,
            request_id="",
            reply_partition=None,
        )
        effects = (*effects, left)
    return after, effects


def lapsed(coupon: Coupon, now: int) -> tuple[Coupon, tuple[Effect, ...]]:
    """The coupon at a time (microseconds): a reservation that is over is given back, and what was valid so long has
    expired. The same whether a timer asks or whoever comes first after that time."""
    effects: tuple[Effect, ...] = ()
    use = coupon.use
    if use is not None and 0 < _ends_at(use) <= now:
        coupon, effects = given_back(coupon, RELEASED, _ends_at(use), None, use.redemption_id, ABANDONED)
    if coupon.use is None and coupon.state in FREE and 0 < coupon.expires_at <= now:
        coupon = moved(coupon, EXPIRED)
        effects = (*effects, changed(coupon, coupon.expires_at, str(coupon.expires_at)))
    return coupon, effects


def lapses_at(coupon: Coupon) -> int | None:
    """When time changes a coupon, in microseconds."""
    use = coupon.use
    if use is not None:
        return _ends_at(use) or None
    return coupon.expires_at or None if coupon.state in FREE else None


def _ends_at(use: Use) -> int:
    """When a use ends by itself, in microseconds; 0: never. A basket that does not answer is a bug, or its
    record was set aside."""
    return use.until if use.state == RESERVED else use.until + UNANSWERED_US if use.state == ASKED else 0
