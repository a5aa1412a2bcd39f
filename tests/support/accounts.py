"""What a phone has collected, as the sink's worker answers it."""

from typing import Any

ACCOUNT: dict[str, Any] = {
    "is_kept": True,
    "balance": 1_240,
    "entries": [
        {"at": 1_790_000_700_000_000, "kind": "earned", "points": 1_250},
        {"at": 1_790_000_600_000_000, "kind": "reversed", "points": -10},
        {"at": 1_790_000_500_000_000, "kind": "<later>", "points": 0},
    ],
}
