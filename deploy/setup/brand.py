"""Checks a brand's files and makes them live: every process follows the compacted topic that this writes."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from deploy.setup import SetupError
from schemas.brand.items import BrandFold, events_of
from schemas.brand.load import BrandError, load
from schemas.brand.model import Brand
from schemas.codec import Codec
from schemas.compacted import Follower
from schemas.events import BrandConfigured
from schemas.ids import partition_of
from schemas.registry import codec_with
from schemas.topics import BRAND_CONFIGURED

READ_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Applied:
    """Version before (empty: none) and after, and how many items were written and withdrawn."""

    before: str
    after: str
    written: int = 0
    withdrawn: int = 0

    def __str__(self) -> str:
        if not self.written:
            return f"keep   version {self.after} is live"
        items = f"{self.written} items, {self.withdrawn} withdrawn"
        return f"apply  version {self.after}: {items} (was {self.before or 'none'})"


def check(places: Sequence[Path]) -> Brand:
    """The brand that the files in these folders describe. :raises SetupError: with every mistake, one a line."""
    try:
        return load(*places)
    except BrandError as error:
        raise SetupError(str(error)) from None


def apply(kafka: str, places: Sequence[Path], dry_run: bool = False, schema_registry: str = "") -> Applied:
    """Makes the brand in these folders live, unless it is already.

    :param kafka: ``host:port[,host:port]``. :param dry_run: only says what it would do.
    :raises SetupError: mistakes in the files, no such topic, or Kafka does not answer.
    """
    brand = check(places)
    try:
        return asyncio.run(_apply(kafka, brand, dry_run, codec_with(schema_registry)))
    except (KafkaError, OSError) as error:
        raise SetupError(
            f"brand: FOOTPATH_KAFKA={kafka} does not answer or refuses: {error or type(error).__name__}"
        ) from error


async def _apply(kafka: str, brand: Brand, dry_run: bool, codec: Codec) -> Applied:
    fold = await _read(kafka, codec)
    before = fold.brand.version if fold.brand else ""
    if before == brand.version and set(fold.versions.values()) == {before}:
        return Applied(before, before)
    events = list(events_of(brand, time.time_ns() // 1000, fold.versions))
    if not dry_run:
        await _publish(kafka, codec, events)
    withdrawn = sum(not event.body for event in events)
    return Applied(before, brand.version, len(events) - withdrawn, withdrawn)


async def _read(kafka: str, codec: Codec) -> BrandFold:
    """The configuration as the topic holds it now."""
    fold = BrandFold()
    follower = Follower(kafka, BRAND_CONFIGURED, codec, fold.apply)
    following = asyncio.create_task(follower.run())
    caught_up = asyncio.create_task(follower.caught_up.wait())
    try:
        done, _ = await asyncio.wait(
            {following, caught_up}, timeout=READ_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED
        )
        if following in done:
            following.result()
        if not done:
            raise SetupError(f"brand: {BRAND_CONFIGURED.name} cannot be read: run `footpath topics apply` first")
        return fold
    finally:
        for task in (following, caught_up):
            task.cancel()
        await asyncio.gather(following, caught_up, return_exceptions=True)


async def _publish(kafka: str, codec: Codec, events: Sequence[BrandConfigured]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        partitions = len(await producer.partitions_for(BRAND_CONFIGURED.name))
        for stage in _stages(events):
            sent = []
            for event in stage:
                topic, key, value, headers = codec.record(event)
                number = partition_of(key.decode(), partitions)
                sent.append(await producer.send(topic.name, value, key, partition=number, headers=headers))
            await asyncio.gather(*sent)
    finally:
        await producer.stop()


def _stages(events: Sequence[BrandConfigured]) -> Iterator[list[BrandConfigured]]:
    """Items, then the brand itself, then what is withdrawn: each on Kafka before the next is sent.

    Partitions keep no order among each other. Whoever follows keeps the old version until the new one is there as
    a whole; an apply that was cut off is finished by the next.
    """
    yield [event for event in events if event.body and event.kind != "brand"]
    yield [event for event in events if event.body and event.kind == "brand"]
    yield [event for event in events if not event.body]
