"""Trust in a scan: 0 to 100, and what speaks against it.

100 means that nothing does, not that somebody was there: that is what a chip or a screen proves.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from schemas.reasons import TrustReason

FULL: Final = 100
PENALTIES: Final[Mapping[str, int]] = {
    TrustReason.KEY_OUTLIVED: 20,
    TrustReason.TAG_VELOCITY: 20,
    TrustReason.BOT_DOUBT: 30,
    TrustReason.DEVICE_VELOCITY: 60,
    TrustReason.IMPOSSIBLE_TRAVEL: 60,
    TrustReason.COUNTER_REPLAYED: 80,
}
"""What each reason takes away; one that is not listed takes all. With the default of rewards (50) a link that was
copied, a device that scans like a machine and one that is in two towns at once earn nothing by themselves, the others
only together."""


def trust_of(reasons: Iterable[str]) -> int:
    """The score."""
    return max(0, FULL - sum(PENALTIES.get(reason, FULL) for reason in reasons))
