"""What a phone has collected, as the sink's worker answers it."""

from typing import Any

COUPON = "7Q2M8K1R4TWX0Z"
ACCOUNT: dict[str, Any] = {
    "is_kept": True,
    "balance": 1_240,
    "pending": 40,
    "expiring": {"points": 15, "at": 1_790_900_000_000_000},
    "coupons": [
        {"code": COUPON, "pool": "spring", "state": "issued", "expires_at": 1_791_000_000_000_000},
        {"code": "4006381333931", "pool": "<gone>", "state": "shown", "expires_at": 0},
    ],
    "months": [{"month": 24320, "points": 130}],
    "entries": [
        {"at": 1_790_000_700_000_000, "kind": "earned", "points": 1_250},
        {"at": 1_790_000_600_000_000, "kind": "reversed", "points": -10},
        {"at": 1_790_000_500_000_000, "kind": "<later>", "points": 0},
    ],
}
