"""The live brand: follows brand-configured, and keeps the last one on disk for a start while Kafka is away."""

import asyncio
import logging
import os
from dataclasses import dataclass
from pathlib import Path

import msgspec
from aiokafka.errors import KafkaError

from schemas.brand.items import BrandFold
from schemas.brand.model import Brand, is_registered
from schemas.codec import Codec
from schemas.compacted import Follower
from schemas.events import BrandConfigured
from schemas.identifiers import TYPES, Pseudonyms
from schemas.topics import BRAND_CONFIGURED

log = logging.getLogger(__name__)

RETRY_AFTER_S = 0.5


@dataclass(frozen=True, slots=True)
class World:
    """What a request is judged by: one version of the brand, and what follows from it."""

    brand: Brand
    pseudonyms: Pseudonyms
    identifier_types: frozenset[str]


def build_world(brand: Brand, identifier_key: bytes) -> World:
    """:raises ValueError: a fallback of the brand is under none of its destinations."""
    fallbacks = {brand.about.fallback, *(brand.fallback_of(tag) for tag in brand.tags.values())}
    for fallback in fallbacks:
        if not is_registered(fallback, brand.about.destinations):
            raise ValueError("a fallback is under none of the brand's destinations")
    return World(
        brand=brand,
        pseudonyms=Pseudonyms(identifier_key, brand.about.country),
        identifier_types=frozenset((*TYPES, *brand.about.identifier_types)),
    )


class LiveBrand:
    """``world`` is the version in force, or None as long as no brand has ever been seen.

    :param file: where the last version is kept.
    """

    def __init__(self, bootstrap: str, codec: Codec, identifier_key: bytes, file: Path) -> None:
        self._bootstrap = bootstrap
        self._codec = codec
        self._identifier_key = identifier_key
        self._file = file
        self.world: World | None = None

    def load(self) -> None:
        """Takes the version that an earlier process kept, if there is one."""
        try:
            self.world = build_world(msgspec.json.decode(self._file.read_bytes(), type=Brand), self._identifier_key)
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            log.warning("the kept brand cannot be used: %s", type(error).__name__)

    async def run(self) -> None:
        """Until cancelled; a lost broker is waited for."""
        while True:
            try:
                await self._follow()
            except (KafkaError, OSError) as error:
                log.warning("the brand cannot be followed: %s", type(error).__name__)
            await asyncio.sleep(RETRY_AFTER_S)

    async def _follow(self) -> None:
        fold = BrandFold()

        def apply(event: BrandConfigured) -> None:
            # Before the end of the topic old versions pass by; they must not come into force again.
            if fold.apply(event) and follower.caught_up.is_set():
                self._adopt(fold.brand)

        follower = Follower(self._bootstrap, BRAND_CONFIGURED, self._codec, apply)
        reading = asyncio.create_task(follower.run())
        caught_up = asyncio.create_task(follower.caught_up.wait())
        try:
            await asyncio.wait({reading, caught_up}, return_when=asyncio.FIRST_COMPLETED)
            if caught_up.done():
                self._adopt(fold.brand)
            await reading
        finally:
            reading.cancel()
            caught_up.cancel()

    def _adopt(self, brand: Brand | None) -> None:
        if brand is None or (self.world is not None and self.world.brand.version == brand.version):
            return
        try:
            self.world = build_world(brand, self._identifier_key)
        except ValueError as error:
            log.error("brand version %s is refused: %s", brand.version, error)
            return
        log.info("brand version %s is live", brand.version)
        try:
            fresh = self._file.with_suffix(".new")
            fresh.write_bytes(msgspec.json.encode(brand))
            os.replace(fresh, self._file)
        except OSError as error:
            log.warning("the brand cannot be kept: %s", error.strerror)
