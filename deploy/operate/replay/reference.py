"""The brand that is live now, and the brand at any moment that its topic still has."""

from bisect import bisect_right
from collections.abc import Sequence

from deploy.operate.replay.topic_reader import events_of
from processors.reference import Reference
from schemas.brand.fold import BrandFold
from schemas.codec.avro import Codec
from schemas.coupons.keys import CouponKeys
from schemas.events import BrandConfigured
from schemas.kafka.client_settings import Kafka
from schemas.process.errors import OperatorError
from schemas.topics import BRAND_CONFIGURED


class ReferenceHistory:
    """The reference data at every moment since the first brand. It has no stock: stock decides answers, never state.

    :param items: brand-configured events with their timestamps (milliseconds), oldest first. :param coupon_keys: those
        that coupon codes were made with.
    """

    def __init__(self, items: Sequence[tuple[int, BrandConfigured]], coupon_keys: CouponKeys | None = None) -> None:
        fold = BrandFold()
        self._since: list[int] = []
        self._references: list[Reference] = []
        for at, event in items:
            if fold.apply(event) and fold.brand is not None:
                self._since.append(at)
                self._references.append(Reference(fold.brand, coupon_keys=coupon_keys))

    def __bool__(self) -> bool:
        return bool(self._references)

    def at(self, moment_ms: int) -> Reference:
        """The reference data of that moment; before the first brand that first one, which a worker would have waited
        for."""
        return self._references[max(0, bisect_right(self._since, moment_ms) - 1)]

    @property
    def latest(self) -> Reference:
        """The reference data of now."""
        return self._references[-1]


async def read_history(kafka: Kafka, codec: Codec, coupon_keys: CouponKeys | None = None) -> ReferenceHistory:
    """Folds every brand-configured event that the topic has. :raises OperatorError: no brand was ever live."""
    items = [item async for item in events_of(kafka, codec, BRAND_CONFIGURED)]
    history = ReferenceHistory(sorted(items, key=lambda item: item[0]), coupon_keys)
    if not history:
        raise OperatorError("no brand is live: run `footpath brand apply` first")
    return history
