"""What tills are told, as one JSON object that a cashier's program shows."""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from processors.coupons.actions import REDEEM
from processors.coupons.conditions import Unmet, decimal
from processors.coupons.state import Coupon, Use
from processors.step import Effect, Emit
from schemas.coupons.codes import shown
from schemas.events import CouponAnswered, CouponRequested
from schemas.ids import derived, own_id_of
from schemas.reasons import CouponReason

OK: Final = 200
NOT_FOUND: Final = 404
CONFLICT: Final = 409
GONE: Final = 410
UNMET: Final = 422


def answered(event: CouponRequested, status: int, reason: str, body: dict[str, Any]) -> tuple[Effect, ...]:
    """The answer to the till that waits; nothing where none does."""
    if not event.request_id:
        return ()
    answer = CouponAnswered(
        event_id=derived("coupon-answered", event.request_id),
        occurred_at=event.occurred_at,
        request_id=event.request_id,
        status=status,
        reason=reason,
        body=msgspec.json.encode(body).decode(),
        reply_partition=event.reply_partition,
    )
    return (Emit(answer, partition=event.reply_partition),)


def refused(event: CouponRequested, status: int, reason: CouponReason, error: str, **more: Any) -> tuple[Effect, ...]:
    """That the coupon does not do what was asked, and why."""
    return answered(event, status, reason, {"reason": reason, "error": error, **more})


def done(
    event: CouponRequested,
    code: str,
    state: str,
    discount: int,
    currency: str,
    pool: str = "",
    until: int = 0,
    **more: Any,
) -> tuple[Effect, ...]:
    """That it does. :param until: end of the reservation in microseconds, 0: it is none."""
    body = {
        "code": shown(code),
        "state": state,
        "pool": pool,
        "redemption_id": own_id_of(event.redemption_id),
        "discount": decimal(discount, currency),
        "currency": currency,
        **({"reserved_until": time_of(until)} if until else {}),
        **more,
    }
    return answered(event, OK, "", body)


def done_again(event: CouponRequested, coupon: Coupon, use: Use, **more: Any) -> tuple[Effect, ...]:
    """The answer that the till had before."""
    state = "redeemed" if use.wants == REDEEM else "reserved"
    until = 0 if use.wants == REDEEM else use.until
    return done(event, coupon.code, state, use.discount, use.currency, coupon.pool, until, **more)


def unknown(event: CouponRequested) -> tuple[Effect, ...]:
    """There is no such coupon."""
    return refused(event, NOT_FOUND, CouponReason.UNKNOWN_CODE, "There is no coupon with this code.")


def used(event: CouponRequested, use: Use, **more: Any) -> tuple[Effect, ...]:
    """Somebody else used it."""
    at = time_of(use.at)
    where = {"at": at, "store": use.store, "redemption_id": own_id_of(use.redemption_id)}
    error = f"The coupon was used on {at}{f' in {use.store}' if use.store else ''}."
    return refused(event, CONFLICT, CouponReason.USED, error, used=where, **more)


def reserved(event: CouponRequested, use: Use, until: int) -> tuple[Effect, ...]:
    """Another basket has it. :param until: 0 while its basket decides."""
    error = "Another basket has the coupon" + (f" until {time_of(until)}." if until else ".")
    where = {"store": use.store, **({"until": time_of(until)} if until else {})}
    return refused(event, CONFLICT, CouponReason.RESERVED, error, reserved=where)


def expired(event: CouponRequested, at: int) -> tuple[Effect, ...]:
    """It could be used until then."""
    return refused(
        event, GONE, CouponReason.EXPIRED, f"The coupon could be used until {time_of(at)}.", expired_at=time_of(at)
    )


def void(event: CouponRequested) -> tuple[Effect, ...]:
    """It was withdrawn."""
    return refused(event, GONE, CouponReason.VOID, "The coupon was withdrawn.")


def condition_failed(event: CouponRequested, failed: Unmet, **more: Any) -> tuple[Effect, ...]:
    """A condition does not hold."""
    return refused(event, UNMET, failed.reason, failed.error, condition=failed.reason, **more)


def time_of(micros: int) -> str:
    """RFC 3339, to the second."""
    return datetime.fromtimestamp(micros // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
