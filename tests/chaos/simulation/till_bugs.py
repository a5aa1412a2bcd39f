"""Planted bugs of coupons: used twice, and not given back."""

from itertools import count
from typing import Any

import msgspec

from processors.coupons import core
from processors.coupons.changes import ISSUED, REDEEMED
from processors.coupons.state import Held
from processors.step import Step
from tests.chaos.simulation.planting import around, planted


@planted("a coupon redeemed twice after a zombie")
def _() -> Any:
    """Some attempts, of a zombie or of who comes after it, decide by what a coupon once was."""
    attempts = count(1)

    def asked(original: Any, coupon: Any, event: Any, basket: Any) -> Any:
        if coupon.state == REDEEMED and next(attempts) % 3 == 0:
            coupon = msgspec.structs.replace(coupon, state=ISSUED, use=None)
        return original(coupon, event, basket)

    return around(core, "asked", asked)


@planted("a release forgotten when the sale is returned")
def _() -> Any:
    return around(core, "refunded", lambda original, coupon, event: Step(Held(coupon)))
