"""The brand of the chaos books: rules whose points can be counted by hand, a budget and a pool that are soon spent."""

import json
import shutil
from pathlib import Path

from deploy.local.settings import DEMO_BRAND

REVIEW_POINTS, BUDGET_POINTS, COUPONS = 7, 140, 15
LIMITED, GRANTED = "limited-review", "entry-coupon"
"""The rule with the budget, and the one that grants coupons of the pool ``few``."""
PLAIN = (
    {"id": "scan", "version": 1, "on": ["scan", "nfc_tap"], "points": 5},
    {"id": "packaging-scan", "version": 1, "on": ["scan", "nfc_tap"], "placements": ["packaging"], "points": 10},
    {"id": "check-in", "version": 1, "on": ["event_checkin"], "points": 50},
    {"id": "purchase", "version": 1, "on": ["sale"], "points_per_unit": 1},
    {"id": "review", "version": 1, "on": ["review_written"], "points": 30},
)


def books_brand(folder: Path, limits: bool = True) -> Path:
    """The demo brand with these rules in place of its own. :param limits: with the budget and the pool."""
    brand = shutil.copytree(DEMO_BRAND, folder / "brand")
    limited = {"id": LIMITED, "version": 1, "on": ["review_written"], "points": REVIEW_POINTS, "campaign": "books"}
    granting = {"id": GRANTED, "version": 1, "on": ["store_entry"], "coupon": "few"}
    rules = [*PLAIN, limited, granting] if limits else PLAIN
    (brand / "rewards.yaml").write_text(json.dumps({"rewards": rules}))
    (brand / "books.yaml").write_text(
        json.dumps(
            {
                "campaigns": [{"id": "books", "budget_points": BUDGET_POINTS}],
                "coupon_pools": [{"id": "few", "title": "A few", "size": COUPONS, "discount": {"amount": 1}}],
            }
        )
    )
    return brand
