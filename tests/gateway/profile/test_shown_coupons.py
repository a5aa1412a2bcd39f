"""A coupon that a page shows for the first time is shown from then on: said once, unless it could not be stored."""

import asyncio

from gateway.profile.account import Coupon
from gateway.profile.shown_coupons import ShownCoupons
from gateway.publish.spool import SpoolFull
from schemas.events import CouponRequested

NOW = 1_790_000_000_000_000
COUPONS = (Coupon("A1", "spring", "issued"), Coupon("B2", "spring", "shown"), Coupon("C3", "spring", "issued"))


class Stream:
    """Takes events; ``is_full``: it takes none."""

    def __init__(self, is_full: bool = False) -> None:
        self.is_full = is_full
        self.events: list[CouponRequested] = []

    async def publish(self, events: list[CouponRequested]) -> None:
        if self.is_full:
            raise SpoolFull
        self.events += events


def say(stream: object, times: int = 1) -> None:
    shown = ShownCoupons(stream)  # type: ignore[arg-type]

    async def run() -> None:
        for _ in range(times):
            await shown.say(COUPONS, NOW)

    asyncio.run(run())


def test_what_is_issued_is_said_once() -> None:
    stream = Stream()
    say(stream, times=3)
    assert [(one.key, one.code, one.action) for one in stream.events] == [("A1", "A1", "show"), ("C3", "C3", "show")]


def test_another_gateway_says_the_same() -> None:
    one, other = Stream(), Stream()
    say(one), say(other)
    assert one.events == other.events


def test_what_could_not_be_stored_is_said_by_the_next_page() -> None:
    stream = Stream(is_full=True)
    shown = ShownCoupons(stream)  # type: ignore[arg-type]

    async def run() -> None:
        await shown.say(COUPONS, NOW)
        stream.is_full = False
        await shown.say(COUPONS, NOW)

    asyncio.run(run())
    assert len(stream.events) == 2
