"""Touchpoints without a person: previews and refused scans. They are kept for analysis, as many as Kafka should bear.

The limits are of an address and of the gateway in all; beyond them the answer is the same, and nothing is recorded.
"""

import time
from typing import Final
from uuid import uuid4

from gateway.brand.live import BrandView
from gateway.http.rate_limits import TokenBuckets
from gateway.metrics import Metrics
from gateway.publish.publisher import Publisher
from schemas import kinds
from schemas.brand.model import Tag
from schemas.events import TouchpointRecorded

PER_ADDRESS_S: Final = 5
IN_ALL_S: Final = 50
"""Records a second: a storm of bots costs Kafka a quarter of what a busy shop's scans do."""
_ALL: Final = ""


class Nobodys:
    """Records them in the background: nobody waits for an answer, and a crash may lose the last of them."""

    def __init__(self, publisher: Publisher, metrics: Metrics) -> None:
        self._publisher = publisher
        self._metrics = metrics
        self._of_address, self._in_all = TokenBuckets(PER_ADDRESS_S), TokenBuckets(IN_ALL_S)

    def record(self, kind: str, reason: str, address: str, brand_view: BrandView, tag: Tag | None, now: int) -> None:
        """Records one where the limits allow it. :param now: in microseconds."""
        now_s = time.monotonic()
        if self._of_address.take(address, 1, now_s) or self._in_all.take(_ALL, 1, now_s):
            self._metrics.limited.labels(kind).inc()
            return
        self._publisher.publish_in_background(nobodys_touchpoint(kind, reason, brand_view, tag, now))


def nobodys_touchpoint(kind: str, reason: str, brand_view: BrandView, tag: Tag | None, now: int) -> TouchpointRecorded:
    """The touchpoint: where, when and why, and nothing of whoever asked."""
    return TouchpointRecorded(
        event_id=str(uuid4()),
        type=kind,
        occurred_at=now,
        received_at=now,
        source=kinds.SCAN,
        primary_identifier="",
        identifiers=(),
        brand=brand_view.brand.about.id,
        store=tag.store if tag is not None else "",
        tag=tag.id if tag is not None else "",
        placement=tag.placement if tag is not None else "",
        zone=tag.zone if tag is not None else "",
        product=tag.product if tag is not None else "",
        campaign=tag.campaign if tag is not None else "",
        trust=0,
        trust_reasons=(reason,),
    )
