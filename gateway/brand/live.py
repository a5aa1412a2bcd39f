"""The live brand: read from brand-configured, and stored on disk for a start without Kafka."""

import asyncio
import logging
import os
from dataclasses import dataclass
from pathlib import Path

import msgspec
from aiokafka.errors import KafkaError

from gateway.brand.gs1_lookup import Gs1Lookup
from gateway.brand.known_texts import KnownTexts
from gateway.brand.link_query import LinkQuery
from gateway.brand.tag_lookup import TagLookup
from gateway.http.errors import ErrorKind, RequestError
from gateway.landing.page import Surroundings, surroundings_of
from schemas.brand.fold import BrandFold
from schemas.brand.model import Brand, is_registered
from schemas.codec.avro import Codec
from schemas.events import BrandConfigured
from schemas.identifiers.dead import NOBODY_DEAD, Dead
from schemas.identifiers.keys import Key
from schemas.identifiers.pseudonyms import Pseudonyms
from schemas.identifiers.types import TYPES
from schemas.kafka.client_settings import Kafka
from schemas.kafka.compacted import CompactedReader
from schemas.process.errors import OperatorError
from schemas.topics import BRAND_CONFIGURED

log = logging.getLogger(__name__)

RETRY_AFTER_S = 0.5


@dataclass(frozen=True, slots=True)
class BrandView:
    """One version of the brand, and what requests need that is derived from it."""

    brand: Brand
    pseudonyms: Pseudonyms
    identifier_types: frozenset[str]
    languages: tuple[str, ...]
    surroundings: Surroundings
    known_texts: KnownTexts
    tags: TagLookup
    query: LinkQuery
    gs1: Gs1Lookup


class BrandRefused(OperatorError):
    """A brand that no gateway may serve; the message says why."""


def build_brand_view(brand: Brand, identifier_key: Key, dead: Dead = NOBODY_DEAD) -> BrandView:
    """:param dead: the dead identifiers, which all versions share.

    :raises BrandRefused: a fallback of the brand is under none of its destinations.
    """
    fallbacks = {brand.about.fallback, *(brand.fallback_of(tag) for tag in brand.tags.values())}
    for fallback in fallbacks:
        if not is_registered(fallback, brand.about.destinations):
            raise BrandRefused("a fallback is under none of the brand's destinations")
    parameters = brand.about.query.parameters
    pseudonyms = Pseudonyms(identifier_key, brand.about.country, brand.about.code_properties, parameters, dead)
    return BrandView(
        brand=brand,
        pseudonyms=pseudonyms,
        identifier_types=frozenset((*TYPES, *brand.about.identifier_types)),
        languages=tuple(filter(None, (brand.about.language, *brand.about.languages))),
        surroundings=surroundings_of(brand),
        known_texts=KnownTexts(brand),
        tags=TagLookup(brand.tags),
        query=LinkQuery(pseudonyms.links),
        gs1=Gs1Lookup(brand.tags, brand.products),
    )


class LiveBrand:
    """``current`` is the version in force, or None as long as no brand has been seen.

    :param file: where the last version is stored. :param dead: see :func:`build_brand_view`.
    """

    def __init__(
        self, bootstrap: Kafka, codec: Codec, identifier_key: Key, file: Path, dead: Dead = NOBODY_DEAD
    ) -> None:
        self._bootstrap = bootstrap
        self._codec = codec
        self._identifier_key = identifier_key
        self._file = file
        self._dead = dead
        self.current: BrandView | None = None

    def view(self) -> BrandView:
        """The version in force. :raises RequestError: NO_BRAND."""
        if self.current is None:
            raise RequestError(ErrorKind.NO_BRAND, "no brand configuration has been applied yet", retry_after_s=5)
        return self.current

    def destinations(self) -> tuple[str, ...]:
        """The registered destinations; none as long as no brand has been seen."""
        return () if self.current is None else self.current.brand.about.destinations

    def load(self) -> None:
        """Adopts the version that an earlier process stored, if there is one."""
        try:
            brand = msgspec.json.decode(self._file.read_bytes(), type=Brand)
            self.current = build_brand_view(brand, self._identifier_key, self._dead)
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            log.warning("the stored brand cannot be used: %s", type(error).__name__)

    async def run(self) -> None:
        """Reads the topic until cancelled; reconnects when a broker is lost."""
        while True:
            try:
                await self._read()
            except (KafkaError, OSError) as error:
                log.warning("the brand topic cannot be read: %s", type(error).__name__)
            await asyncio.sleep(RETRY_AFTER_S)

    async def _read(self) -> None:
        fold = BrandFold()

        def apply(event: BrandConfigured) -> None:
            # Before its end the topic holds old versions; they must not come into force again.
            before = fold.unreadable
            if fold.apply(event) and reader.caught_up.is_set():
                self._adopt(fold.brand)
            if fold.unreadable != before:
                log.error("the brand cannot be read: %s", fold.unreadable)

        reader = CompactedReader(self._bootstrap, BRAND_CONFIGURED, self._codec, apply)
        reading = asyncio.create_task(reader.run())
        caught_up = asyncio.create_task(reader.caught_up.wait())
        try:
            await asyncio.wait({reading, caught_up}, return_when=asyncio.FIRST_COMPLETED)
            if caught_up.done():
                self._adopt(fold.brand)
            await reading
        finally:
            reading.cancel()
            caught_up.cancel()

    def _adopt(self, brand: Brand | None) -> None:
        # Versions are compared by content: a stack's own API keys are no part of their name.
        if brand is None or (self.current is not None and self.current.brand == brand):
            return
        try:
            self.current = build_brand_view(brand, self._identifier_key, self._dead)
        except BrandRefused as error:
            log.error("brand version %s is refused: %s", brand.version, error)
            return
        log.info("brand version %s is live", brand.version)
        try:
            fresh = self._file.with_suffix(".new")
            fresh.write_bytes(msgspec.json.encode(brand))
            os.replace(fresh, self._file)
        except OSError as error:
            log.warning("the brand cannot be stored: %s", error.strerror)
