"""What coupon-requested asks for, and the keys that decide it.

From outside: ``reserve``, ``redeem``, ``release``, ``show`` and ``import`` at a code; ``void`` and ``forget`` at an
ordinal or a code; ``issue`` at an ordinal; ``return`` at a sale. Between keys of coupons, all of which are repeated
without harm:

| action | to | means |
| --- | --- | --- |
| issue | code | this ordinal's coupon has the code; ``terms`` are its own |
| taken | ordinal | another coupon has that code: make the next |
| number | pool | an imported code wants an ordinal |
| numbered | code, ordinal | which ordinal an imported code has |
| check | basket | may the coupon join the coupons of the basket |
| accepted, declined | code | the basket's answer |
| left | basket | the coupon is in the basket no more |
| used | sale | the sale used the coupon |
| refund | code | of the sale that used the coupon something was returned |
"""

from typing import Final

import msgspec

from processors.step import Emit
from schemas.events import CouponRequested
from schemas.ids import derived

RESERVE: Final = "reserve"
REDEEM: Final = "redeem"
RELEASE: Final = "release"
SHOW: Final = "show"
VOID: Final = "void"
IMPORT: Final = "import"
ISSUE: Final = "issue"
RETURN: Final = "return"
TAKEN: Final = "taken"
NUMBER: Final = "number"
NUMBERED: Final = "numbered"
CHECK: Final = "check"
ACCEPTED: Final = "accepted"
DECLINED: Final = "declined"
LEFT: Final = "left"
USED: Final = "used"
REFUND: Final = "refund"
FORGET: Final = "forget"
OF_TILLS: Final = frozenset((RESERVE, REDEEM, RELEASE))


def pool_key(pool: str) -> str:
    """Where the ordinals of imported codes are counted."""
    return f"pool/{pool}"


def ordinal_key(pool: str, ordinal: int) -> str:
    """Where the code of an ordinal is known."""
    return f"pool/{pool}/{ordinal}"


def basket_key(basket: str) -> str:
    """Where the coupons of a basket meet. :param basket: with its namespace."""
    return f"basket/{basket}"


def sale_key(sale_event_id: str) -> str:
    """Where a sale's coupons are known, for returns."""
    return f"sale/{sale_event_id}"


def passed_on(event: CouponRequested, key: str, action: str, /, **fields: object) -> Emit:
    """The event on its way to another key, with another action. It says from which key it comes."""
    id = derived("coupon", event.event_id, key, action)
    return Emit(msgspec.structs.replace(event, event_id=id, key=key, action=action, sender=event.key, **fields))
