"""What the response to a batch states for each of its events."""

from enum import StrEnum
from typing import Final

import msgspec

from schemas.reasons import RejectReason

BACKLOG: Final = "Footpath-Backlog"
"""Header of the answer to a batch of MANY events or more: records that the processors have not taken yet."""
SCAN_DELAY: Final = "Footpath-Scan-Delay"
"""Header of the same answers: the longest of the last second or two that scans have waited for their decision, one in
fifty left out, in milliseconds; 0 where nobody has scanned."""
MANY: Final = 100


class Status(StrEnum):
    """``conflict``: another event was sent under the id before; this one is rejected."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = RejectReason.CONFLICT
    REJECTED = "rejected"


class EventResult(msgspec.Struct, frozen=True):
    """The result of one event; ``event_id`` is null when a rejected event carries none that can be read.

    ``warnings`` name the identifiers of an accepted event that identify nobody: the field, and why.
    """

    event_id: str | None
    status: Status
    reason: str = ""
    warnings: tuple[str, ...] = ()


class EventResults(msgspec.Struct, frozen=True):
    """One result for each event of the batch, in its order."""

    results: list[EventResult]
