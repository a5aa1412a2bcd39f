"""Keeps the world up to date from its compacted topics."""

import asyncio
import logging

from aiokafka.errors import KafkaError

from processors.world import World
from schemas.brand.items import BrandFold
from schemas.codec import Codec
from schemas.compacted import Follower
from schemas.events import BrandConfigured, StockReported
from schemas.topics import BRAND_CONFIGURED, STOCK_REPORTED

log = logging.getLogger(__name__)
RETRY_AFTER_S = 0.5


class LiveWorld:
    """Follows the topics that make up the world."""

    def __init__(self, bootstrap: str, codec: Codec) -> None:
        self._brands = BrandFold()
        self._counted_at: dict[tuple[str, str], int] = {}
        self._stock: dict[tuple[str, str], int] = {}
        self._world: World | None = None
        self._live = asyncio.Event()
        self._followers = (
            Follower(bootstrap, BRAND_CONFIGURED, codec, self._configure),
            Follower(bootstrap, STOCK_REPORTED, codec, self._count),
        )

    def now(self) -> World:
        """The world at this moment. Only after ``ready``."""
        assert self._world is not None
        return self._world

    async def follow(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for follower in self._followers:
                group.create_task(_follow(follower))

    async def ready(self) -> None:
        """Returns once a brand is live and everything was read that was there at the start."""
        for follower in self._followers:
            await follower.caught_up.wait()
        await self._live.wait()

    def _configure(self, event: BrandConfigured) -> None:
        if self._brands.apply(event):
            assert self._brands.brand is not None
            self._world = World(self._brands.brand, self._stock)
            self._live.set()

    def _count(self, event: StockReported) -> None:
        # A till that was offline reports late: an older count never replaces a newer one.
        place = (event.store, event.sku)
        if event.occurred_at >= self._counted_at.get(place, 0):
            self._counted_at[place] = event.occurred_at
            self._stock[place] = event.quantity


async def _follow(follower: Follower) -> None:
    """Waits for a Kafka that does not answer yet: ending here, a worker would be started ever more slowly again."""
    while True:
        try:
            await follower.run()
        except KafkaError as error:
            if follower.caught_up.is_set():
                raise
            log.warning("the world cannot be followed: %s", type(error).__name__)
            await asyncio.sleep(RETRY_AFTER_S)
