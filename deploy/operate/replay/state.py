"""`footpath replay state`: a processor's state from its sources, compared with its changelog or written in its place.

Source topics are applied up to the offsets that the changelog's state contains. What the processor sends itself
(signals between identifiers, parts that are transferred, traits on their way to blocks) follows from that and is
applied at once; those topics are not read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError, ProducerFenced

from deploy.operate.replay.canonical import CanonicalForm
from deploy.operate.replay.changelogs import count_between, next_offset, read_changelogs
from deploy.operate.replay.comparing import PartitionComparison, compare, paired_rows
from deploy.operate.replay.groups import Offsets, committed_offsets, member_count
from deploy.operate.replay.order import in_time_order
from deploy.operate.replay.progress import ReplayProgress
from deploy.operate.replay.rebuilding import Rebuild, internal_topics
from deploy.operate.replay.reference import read_history
from deploy.operate.replay.topic_reader import offset_ranges, open_consumer, partitions_of
from deploy.operate.replay.versions import Versions, read_versions, with_versions
from processors.shell.state.changelog import WOKEN, open_changelog
from processors.shell.state.dedup_window import PAGE
from processors.shell.state.opening import fetch_positions, origin_rows
from processors.shell.state.records import Active, StateRecordCodec
from processors.shell.state.store import RocksStore
from processors.step import Processor
from schemas.codec.avro import Codec
from schemas.coupons.keys import CouponKeys
from schemas.kafka.client_settings import Kafka
from schemas.process.errors import OperatorError
from schemas.topics import BY_NAME, changelog, with_prefix

TRANSACTION_TIMEOUT_MS = 600_000
"""A whole partition's state is written in one transaction."""


@dataclass(frozen=True, slots=True)
class StateReplay:
    """The comparison of all partitions. ``in_flight`` is the number of records that the processor has sent itself and
    not applied yet; what follows from them is in the rebuilt state already."""

    partitions: tuple[PartitionComparison, ...]
    in_flight: int


async def replay(
    processor: Processor[Any],
    kafka: Kafka,
    codec: Codec,
    folder: Path,
    write: bool,
    coupon_keys: CouponKeys | None = None,
) -> StateReplay:
    """:param folder: of the stores, for as long as this runs. :param write: whether the rebuilt state replaces the
    changelog's.

    :raises OperatorError: workers of the processor are running and ``write`` is set; no brand is live; Kafka does not
    answer.
    """
    group = with_prefix(f"footpath-{processor.name}")
    if write and (members := await member_count(kafka, group)):
        raise OperatorError(
            f"{members} workers of {processor.name} are running: stop them first, they have the state in memory"
        )
    history = await read_history(kafka, codec, coupon_keys)
    async with open_consumer(kafka) as consumer:
        partitions = len(await partitions_of(consumer, [changelog(processor.name)]))
        committed = await committed_offsets(kafka, group)
        stores = await read_changelogs(kafka, processor.name, partitions, folder / "changelog")
        woken = {number: int(store.get(WOKEN) or 0) for number, store in enumerate(stores)}
        rebuild = Rebuild(processor, codec, partitions, folder / "rebuilt", history, woken)
        try:
            internal = {topic.name for topic in internal_topics(processor)}
            sources = await partitions_of(consumer, [topic.name for topic in processor.sources])
            next_offsets = {source: next_offset(stores[source.partition], source, committed) for source in sources}
            firsts, ends = await offset_ranges(consumer, sources)
            internal_ends = {source: ends[source] for source in sources if source.topic in internal}
            internal_starts = {source: max(firsts[source], next_offsets[source]) for source in internal_ends}
            in_flight = await count_between(consumer, internal_starts, internal_ends)
            replaced = {source.name: by.name for source, by in processor.rebuilt_from.items()}
            taken = {tp: at for tp, at in next_offsets.items() if tp.topic not in internal | replaced.keys()}
            # What was decided follows from the state, so all of it is older than the state.
            decided = await partitions_of(consumer, replaced.values()) if replaced else []
            decided_ends = (await offset_ranges(consumer, decided))[1] if decided else {}
            await _apply_all(consumer, rebuild, taken | decided_ends)
            compared = tuple(
                compare(processor, number, *pair)
                for number, pair in enumerate(zip(stores, rebuild.stores, strict=True))
            )
            if write:
                versions = await read_versions(kafka, codec, processor)
                offsets = next_offsets | internal_ends
                await _write(processor, kafka, group, stores, rebuild.stores, offsets, versions)
        finally:
            rebuild.close()
            for store in stores:
                store.close()
    return StateReplay(compared, in_flight)


async def _apply_all(consumer: AIOKafkaConsumer, rebuild: Rebuild, ends: Offsets) -> None:
    done = 0
    with ReplayProgress("replay", "records", sum(ends.values())) as progress:
        async for source, record in in_time_order(consumer, ends):
            rebuild.take(BY_NAME[source.topic], source.partition, record)
            done += 1
            if done % 1000 == 0:
                progress.advance_to(done)
    rebuild.save()


async def _write(
    processor: Processor[Any],
    kafka: Kafka,
    group: str,
    stored: list[RocksStore],
    rebuilt: list[RocksStore],
    offsets: Offsets,
    versions: Versions,
) -> None:
    """Replaces each partition's changelog and the group's offsets in one transaction of the partition."""
    rebuild_id = uuid4().bytes
    try:
        for number, (old, new) in enumerate(zip(stored, rebuilt, strict=True)):
            log = await open_changelog(kafka, processor.name, number, group, TRANSACTION_TIMEOUT_MS)
            try:
                own = {source.topic: offset for source, offset in offsets.items() if source.partition == number}
                positions = await fetch_positions(kafka, own, number, group)
                rows = chain(_new_rows(processor, old, new, versions), origin_rows(new, own, positions).values())
                await log.replace(rows, own, rebuild_id)
            finally:
                await log.close()
    except ProducerFenced:
        raise OperatorError(f"a worker of {processor.name} has started: stop it and run this again") from None
    except KafkaError as error:
        raise OperatorError(
            f"FOOTPATH_KAFKA={kafka} does not take the state: {error or type(error).__name__}"
        ) from error


def _new_rows(
    processor: Processor[Any], stored: RocksStore, rebuilt: RocksStore, versions: Versions
) -> Iterator[tuple[bytes, bytes]]:
    """The rows of a changelog after its replacement.

    Where both states are equal the changelog's own row stays, with all that no rebuild can know; elsewhere the rebuilt
    one is written, and for a key that should not exist an empty one. Then follow the rebuilt dedup windows of the
    partition.
    """
    canonical, records = CanonicalForm(processor), StateRecordCodec.of(processor)
    for key, old, new in paired_rows(stored, rebuilt):
        if new is None:
            yield key, records.encode(Active(None))
        elif old is not None and canonical.of(old) == canonical.of(new):
            yield key, old
        else:
            yield key, with_versions(processor, records, key, new, versions)
    yield from ((key, row) for key, row in rebuilt.rows() if key.startswith(PAGE))
