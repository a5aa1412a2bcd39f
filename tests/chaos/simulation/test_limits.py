"""Fault: as in test_order_kept, while claims, releases and tills come between the messages of budgets and of coupons.
Promise: not one unit over a limit, each claim and each request answered once, each coupon redeemed once.

250 seeds, 25,000 in the long form.
"""

from tests.chaos.simulation.limits import CLAIMING
from tests.chaos.simulation.seeds import check_seeds
from tests.chaos.simulation.tills import REDEEMING


def test_limits_hold_and_coupons_are_redeemed_once(chunk: int) -> None:
    check_seeds((CLAIMING, REDEEMING), chunk, "test_limits.py::test_limits_hold_and_coupons_are_redeemed_once")
