"""Coupons that a page shows for the first time: from then on they are ``shown``."""

from collections.abc import Iterable
from typing import Final

from gateway.identifiers.remembered import Remembered
from gateway.profile.account import Coupon
from gateway.publish.publisher import Publisher
from gateway.publish.spool import SpoolFull
from schemas.events import CouponRequested
from schemas.ids import derived

ISSUED: Final = "issued"
SHOW: Final = "show"


class ShownCoupons:
    """Says so once for each coupon; what another gateway says again has the same id, and changes nothing."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._said = Remembered()

    async def say(self, coupons: Iterable[Coupon], now: int) -> None:
        """:param now: microseconds."""
        new = [one.code for one in coupons if one.state == ISSUED and one.code not in self._said]
        events = [
            CouponRequested(
                event_id=derived("coupon-shown", code),
                occurred_at=now,
                received_at=now,
                key=code,
                action=SHOW,
                code=code,
            )
            for code in new
        ]
        try:
            await self._publisher.publish(events)
        except SpoolFull:  # the page that is loaded next says it
            return
        self._said.add(new)
