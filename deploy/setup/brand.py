"""Checks a brand's files and publishes them to the compacted topic that every process reads."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced

from deploy.operate.replay.topic_reader import events_of as topic_events
from deploy.setup import SetupError
from schemas.brand.fold import BrandFold
from schemas.brand.items import events_of
from schemas.brand.load import BrandError, load
from schemas.brand.model import Brand, Consent, Guards
from schemas.brand.rule_versions import changes_without_version, with_earlier_rules
from schemas.codec.avro import Codec
from schemas.codec.registry_settings import SchemaRegistry
from schemas.codec.schema_registry import codec_with
from schemas.consent.purposes import IDENTITY
from schemas.events import BrandConfigured
from schemas.kafka.client_options import client_options
from schemas.kafka.client_settings import Kafka
from schemas.kafka.lost_producer import is_expired
from schemas.kafka.partitioner import partition_of
from schemas.process.collection import without_collection
from schemas.process.errors import OperatorError
from schemas.topics import BRAND_CONFIGURED, FRAMING_BYTES, MAX_RECORD_BYTES, with_prefix

TRANSACTIONAL_ID = "footpath-brand-apply"
SILENCE_S = 30.0
"""How long Kafka may send nothing while the topic is read."""
EVENTS_A_LIMIT = 1000
"""After how many events the silence counts anew: a timer for each would take half of the time."""
TRANSACTION_TIMEOUT_MS = 300_000
"""How long a version may take to write; one whose writer was killed is given up then, or by the next apply."""


@dataclass(frozen=True, slots=True)
class Applied:
    """Version before (empty: none) and after, the number of items that were written and withdrawn, and whether the
    guards, or what it says of consent to identity, are others than before. ``gpc_changed``: it heeds Global Privacy
    Control for identity where it did not, or the other way round."""

    before: str
    after: str
    written: int = 0
    withdrawn: int = 0
    guards_changed: bool = False
    gpc_changed: bool = False

    def __str__(self) -> str:
        if not self.written and not self.withdrawn:
            return f"keep   version {self.after} is live"
        items = f"{self.written} items changed, {self.withdrawn} withdrawn"
        return f"apply  version {self.after}: {items} (was {self.before or 'none'})"


def check(folders: Sequence[Path], keys: Sequence[Path] = ()) -> Brand:
    """The brand that the files in these folders describe, with a stack's own API keys, on which its version does not
    depend. :raises SetupError: with every mistake, one a line.
    """
    try:
        return load(*folders, beside=keys)
    except BrandError as error:
        raise SetupError(str(error)) from None


def apply(
    kafka: Kafka,
    folders: Sequence[Path],
    dry_run: bool = False,
    schema_registry: SchemaRegistry = "",
    keys: Sequence[Path] = (),
) -> Applied:
    """Publishes the brand in these folders unless this version is live already: whole, or not at all. Blocks.

    :param kafka: ``host:port[,host:port]``. :param dry_run: only returns what would be done.
    :param keys: files with a stack's own API keys.
    :raises SetupError: mistakes in the files, no such topic, or Kafka does not answer.
    """
    return publish(kafka, check(folders, keys), dry_run, schema_registry)


def publish(kafka: Kafka, brand: Brand, dry_run: bool = False, schema_registry: SchemaRegistry = "") -> Applied:
    """The same with a brand that was read. :raises SetupError: no such topic, or Kafka does not answer."""
    apply_brand = _plan if dry_run else _apply
    with _errors_of(kafka), without_collection():
        return asyncio.run(apply_brand(kafka, brand, codec_with(schema_registry)))


def live(kafka: Kafka, schema_registry: SchemaRegistry = "") -> Brand | None:
    """The brand that is live, None when none was ever applied. Blocks. :raises SetupError: as :func:`publish`."""
    with _errors_of(kafka), without_collection():
        return asyncio.run(read_live(kafka, schema_registry))


@contextmanager
def _errors_of(kafka: Kafka) -> Iterator[None]:
    """Says of what Kafka refuses that it was for the brand."""
    try:
        yield
    except ProducerFenced:
        raise SetupError(
            "brand: another `footpath brand apply` has started since, or Kafka took longer than "
            f"{TRANSACTION_TIMEOUT_MS // 1000} s; nothing of this one is live: run it again"
        ) from None
    except OperatorError as error:
        raise error if isinstance(error, SetupError) else SetupError(f"brand: {error}") from None
    except (KafkaError, OSError) as error:
        raise SetupError(
            f"brand: FOOTPATH_KAFKA={kafka} does not answer or refuses: {error or type(error).__name__}"
        ) from error


async def _plan(kafka: Kafka, brand: Brand, codec: Codec) -> Applied:
    fold = await _read(kafka, codec)
    refuse_unversioned(brand, fold.brand)
    return _applied(fold, brand, _changes(fold, brand))


async def _apply(kafka: Kafka, brand: Brand, codec: Codec, repeated: bool = False) -> Applied:
    # From its start on the producer is the only one with this id: the broker gives up what another one has left open
    # and refuses what it still writes. So what is read next is what the changes will meet.
    async with AIOKafkaProducer(
        **client_options(kafka),
        transactional_id=with_prefix(TRANSACTIONAL_ID),
        transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
        max_request_size=MAX_RECORD_BYTES,
    ) as producer:
        fold = await _read(kafka, codec)
        refuse_unversioned(brand, fold.brand)
        events = _changes(fold, brand)
        try:
            if events:
                await _publish(producer, codec, events)
            return _applied(fold, brand, events)
        except KafkaError as error:
            if repeated or not is_expired(error, producer):
                raise
    # Reading took longer than Kafka remembers a producer: from the start, with what is live now.
    return await _apply(kafka, brand, codec, repeated=True)


def refuse_unversioned(brand: Brand, before: Brand | None) -> None:
    """:raises SetupError: a rule has changed without a new version."""
    found = [f"rewards.{id}.{field}: {why}" for id, (field, why) in changes_without_version(brand, before)]
    if found:
        raise SetupError("\n".join(found))


def _changes(fold: BrandFold, brand: Brand) -> list[BrandConfigured]:
    now = time.time_ns() // 1000
    return events_of(with_earlier_rules(brand, fold.brand, now), now, fold.held)


def _applied(fold: BrandFold, brand: Brand, events: Sequence[BrandConfigured]) -> Applied:
    withdrawn = sum(not event.body for event in events)
    gpc_changed = fold.brand is not None and _heeds_gpc(fold.brand) != _heeds_gpc(brand)
    guards_changed = gpc_changed or (fold.brand is not None and _refuses(fold.brand) != _refuses(brand))
    before = fold.brand.version if fold.brand else ""
    return Applied(before, brand.version, len(events) - withdrawn, withdrawn, guards_changed, gpc_changed)


def _refuses(brand: Brand) -> tuple[Guards, Consent | None]:
    """What of a brand refuses edges between identifiers."""
    return brand.about.guards, brand.consent.get(IDENTITY)


def _heeds_gpc(brand: Brand) -> bool:
    """Whether Global Privacy Control keeps a device apart: identity goes by the law of the brand's own country."""
    purpose = brand.consent.get(IDENTITY)
    return purpose is not None and purpose.heeds_gpc(brand.about.country)


async def read_live(kafka: Kafka, schema_registry: SchemaRegistry = "") -> Brand | None:
    """The brand that is live. :raises OperatorError: there is no such topic, or it sends nothing."""
    return (await _read(kafka, codec_with(schema_registry))).brand


async def _read(kafka: Kafka, codec: Codec) -> BrandFold:
    """The configuration that the topic holds. :raises OperatorError: there is no such topic."""
    fold, count, now = BrandFold(), 0, asyncio.get_running_loop().time
    try:
        async with asyncio.timeout(SILENCE_S) as limit:
            async for _, event in topic_events(kafka, codec, BRAND_CONFIGURED):
                fold.apply(event)
                count += 1
                if count % EVENTS_A_LIMIT == 0:
                    limit.reschedule(now() + SILENCE_S)
        return fold
    except TimeoutError:
        raise SetupError(f"brand: FOOTPATH_KAFKA={kafka} has sent nothing for {SILENCE_S:g} s") from None


async def _publish(producer: AIOKafkaProducer, codec: Codec, events: Sequence[BrandConfigured]) -> None:
    """Writes all events in one transaction: readers see none of them or all.

    :raises SetupError: an item is larger than a record may be.
    """
    records = [(event, *codec.record(event)) for event in events]
    for event, _, key, value, _ in records:
        if len(key) + len(value) + FRAMING_BYTES > MAX_RECORD_BYTES:
            raise SetupError(
                f"brand: {event.kind} {event.id} has {len(value)} bytes, and a record may have {MAX_RECORD_BYTES}"
            )
    partitions = len(await producer.partitions_for(BRAND_CONFIGURED.name))
    async with producer.transaction():
        sent = []
        for _, topic, key, value, headers in records:
            number = partition_of(key.decode(), partitions)
            sent.append(await producer.send(topic.name, value, key, partition=number, headers=headers))
        for one in sent:
            await one
