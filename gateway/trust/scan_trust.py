"""The assessment of a request for a tag's link, before anything of it reaches the stream: who asks, and what the link
proves."""

from collections.abc import Iterable
from typing import NamedTuple

from gateway.brand.live import BrandView
from gateway.http.responses import RawResponse
from gateway.metrics import Metrics
from gateway.trust.counters import Counters
from gateway.trust.link_check import LinkCheck
from gateway.trust.looks import PREVIEW, Look, Looks, preview_response
from gateway.trust.nobodys import Nobodys
from gateway.trust.refused_page import REFUSED, refused_response
from gateway.trust.velocity import TagVelocity
from schemas import kinds
from schemas.brand.model import Tag
from schemas.reasons import TrustReason

Headers = Iterable[tuple[bytes, bytes]]


class Assessment(NamedTuple):
    """``refused`` is the answer to a scan that is none; ``reasons`` are what speaks against one that counts."""

    refused: RawResponse | None = None
    reasons: tuple[str, ...] = ()


class ScanTrust:
    """Shared by the handlers of scans."""

    def __init__(self, check: LinkCheck, counters: Counters, nobodys: Nobodys, metrics: Metrics) -> None:
        self._looks = Looks()
        self._check = check
        self._counters = counters
        self._nobodys = nobodys
        self._metrics = metrics
        self._velocity = TagVelocity()

    def look(self, method: str, headers: Headers) -> Look:
        """Who asks. A look with ``preview`` is answered by :meth:`preview`."""
        return self._looks.of(method, headers)

    def preview(self, look: Look, address: str, brand_view: BrandView, tag: Tag | None, now: int) -> RawResponse:
        """The answer to whoever only looks. :param now: in microseconds."""
        self._metrics.scan_count(PREVIEW).inc()
        self._nobodys.record(kinds.PREVIEW, look.preview, address, brand_view, tag, now)
        return preview_response(look, brand_view.brand, tag)

    def assess(
        self, look: Look, brand_view: BrandView, tag: Tag | None, query: bytes, headers: Headers, address: str, now: int
    ) -> Assessment:
        """What a scan proves. :param now: in microseconds."""
        doubts = (TrustReason.BOT_DOUBT.value,) if look.doubted else ()
        if tag is None:
            return Assessment(reasons=doubts)
        proof = self._check.check(tag, brand_view.brand.about.id, query, now / 1_000_000)
        if proof.refused:
            self._metrics.scan_count(REFUSED).inc()
            self._nobodys.record(kinds.SCAN_REFUSED, proof.refused, address, brand_view, tag, now)
            wanted = next((value.decode("latin-1") for name, value in headers if name == b"accept-language"), "")
            return Assessment(refused_response(brand_view.brand, tag, wanted))
        reasons = [*proof.reasons, *doubts]
        if proof.tap is not None and self._counters.is_replayed(tag.id, proof.tap, now):
            reasons.append(TrustReason.COUNTER_REPLAYED.value)
        if self._velocity.is_exceeded(tag.id, now / 1_000_000):
            reasons.append(TrustReason.TAG_VELOCITY.value)
        return Assessment(reasons=tuple(reasons))
