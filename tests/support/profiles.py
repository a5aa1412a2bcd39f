"""Profiles as the sink's worker answers them."""

from collections.abc import Sequence
from typing import Any

from schemas.events import Event, PrivacyRequested
from tests.support.privacy_stream import answer, data_parts

REFUSED: dict[str, Any] = {"allowed": False}
ALLOWED: dict[str, Any] = {
    "allowed": True,
    "visit": {"store": "mitte", "since": 1_790_000_000_000_000},
    "seen": [
        {"product": "tea", "times": 3, "at": 1_790_000_600_000_000},
        {"product": "<gone>", "times": 1, "at": 1_789_000_000_000_000},
    ],
    "purchases": [{"at": 1_780_000_000_000_000, "products": ["4006381333931", "tea"]}],
    "balance": 42,
    "coupons": [{"pool": "spring", "expires_at": 1_791_000_000_000_000}, {"pool": "<gone>", "expires_at": 0}],
    "months": [{"month": 2026 * 12 + 8, "points": 42}],
    "offers": [{"at": 1_790_000_700_000_000, "route": "shop", "title": "Two teas <b>for one</b>"}],
    "consent": {"identity": True, "personalisation": True, "marketing/email": False, "later": True},
}


def answered(data: dict[str, Any]) -> Any:
    """Answers every request with this."""

    def events(request: PrivacyRequested) -> Sequence[Event]:
        return [*data_parts(request, data), answer(request, parts=1)]

    return events


def unknown(request: PrivacyRequested) -> Sequence[Event]:
    """Nobody is known by the identifier of a request."""
    return [answer(request, status="nobody")]
