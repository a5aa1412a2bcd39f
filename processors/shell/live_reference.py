"""Keeps the reference data up to date from its compacted topics."""

import asyncio
import logging

from aiokafka.errors import KafkaError

from processors.capacity import CapacityFold
from processors.reference import Reference
from processors.stock import StockFold
from schemas.brand.fold import BrandFold
from schemas.codec.avro import Codec
from schemas.coupons.keys import CouponKeys
from schemas.events import BrandConfigured
from schemas.kafka.client_settings import Kafka
from schemas.kafka.compacted import CompactedReader
from schemas.topics import BRAND_CONFIGURED, CAPACITY_REPORTED, STOCK_REPORTED

log = logging.getLogger(__name__)
RETRY_AFTER_S = 0.5


class LiveReference:
    """Reads the topics of the reference data. One per process: the worker entry runs `follow` as a task and waits for
    `ready` before it starts processors."""

    def __init__(self, bootstrap: Kafka, codec: Codec, coupon_keys: CouponKeys | None = None) -> None:
        self._coupon_keys = coupon_keys
        self._brands = BrandFold()
        self._stock = StockFold()
        self._capacity = CapacityFold()
        self._reference: Reference | None = None
        self._brand_is_live = asyncio.Event()
        self._readers = (
            CompactedReader(bootstrap, BRAND_CONFIGURED, codec, self._configure),
            CompactedReader(bootstrap, STOCK_REPORTED, codec, self._stock.apply),
            CompactedReader(bootstrap, CAPACITY_REPORTED, codec, self._capacity.apply),
        )

    def now(self) -> Reference:
        """The reference data of this moment; called for each batch. Only after `ready`."""
        assert self._reference is not None
        return self._reference

    async def follow(self) -> None:
        """Reads until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            for reader in self._readers:
                group.create_task(_follow(reader))

    async def ready(self) -> None:
        """Waits until a brand is live and every record that existed at the start was read."""
        for reader in self._readers:
            await reader.caught_up.wait()
        await self._brand_is_live.wait()

    def _configure(self, event: BrandConfigured) -> None:
        before = self._brands.unreadable
        if self._brands.apply(event):
            assert self._brands.brand is not None
            self._reference = Reference(
                self._brands.brand,
                self._stock.units,
                capacity=self._capacity.reports,
                coupon_keys=self._coupon_keys,
            )
            self._brand_is_live.set()
        if self._brands.unreadable != before:
            log.error("the brand cannot be read: %s", self._brands.unreadable)


async def _follow(reader: CompactedReader) -> None:
    """Retries while Kafka does not answer yet: a worker that ended here would be restarted with growing delays."""
    while True:
        try:
            await reader.run()
        except KafkaError as error:
            if reader.caught_up.is_set():
                raise
            log.warning("the reference data cannot be read: %s", type(error).__name__)
            await asyncio.sleep(RETRY_AFTER_S)
