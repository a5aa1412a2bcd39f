"""A scan that is being answered, and the record that no decision came for it."""

import time
from collections.abc import Mapping

import msgspec

from gateway.brand.live import BrandView
from gateway.scan.redirects import fallback_of, passed_on
from schemas.brand.model import Tag
from schemas.events import ScanMissed, TouchpointRecorded
from schemas.ids import derived
from schemas.reasons import MissReason


class Scan(msgspec.Struct, frozen=True, gc=False):
    """A scan that is being answered. ``tag`` is None when its link means none; ``path`` is that of the request, as it
    was sent; ``parameters`` are those of its query that count; ``headers`` are those of the request.
    """

    brand_view: BrandView
    tag: Tag | None
    event: TouchpointRecorded
    device: str
    path: bytes
    https: bool
    parameters: Mapping[str, str]
    arrived_s: float
    headers: list[tuple[bytes, bytes]]

    def served(self, destination: str) -> str:
        """The destination as the phone gets it."""
        return passed_on(destination, self.brand_view, self.parameters)


def missed_of(scan: Scan, reason: MissReason) -> ScanMissed | None:
    """The record of a decision that did not come; None for a link that means no tag, on which nobody decides."""
    if scan.tag is None:
        return None
    event = scan.event
    return ScanMissed(
        event_id=derived("missed", event.event_id),
        scan_event_id=event.event_id,
        tag=event.tag,
        destination=fallback_of(scan.brand_view, scan.tag),
        reason=reason,
        waited_ms=(time.monotonic() - scan.arrived_s) * 1000,
        occurred_at=event.occurred_at,
    )
