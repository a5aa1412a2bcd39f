"""Brings a partition's store to what Kafka has of its state, and finds where to go on."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import uuid4

from processors import metrics
from processors.shell.apply import wakes_at
from processors.shell.state.changelog import REBUILT, WATERMARK, Changelog, RestoredStore, restore
from processors.shell.state.opening import (
    TopicPositions,
    fetch_positions,
    is_origin,
    next_offsets,
    origin_rows,
    stored_offsets,
    why_foreign,
)
from processors.shell.state.records import StateRecordCodec, StateUnreadable
from processors.shell.state.store import Store
from processors.shell.timers.index import IndexingStore, derive_index
from processors.step import Processor
from schemas.kafka.client_settings import Kafka
from schemas.kafka.topic_ids import TopicId

log = logging.getLogger(__name__)
in_thread = asyncio.to_thread


class Restored(NamedTuple):
    """The store, the next offset to process of each topic, the rows (by topic) with the id of a topic that the
    changelog does not have yet, and what Kafka has."""

    store: Store
    next: dict[str, int]
    origins: dict[str, tuple[bytes, bytes]]
    positions: TopicPositions


async def restore_partition(
    kafka: Kafka,
    processor: Processor[Any],
    changelog: Changelog,
    group: str,
    store: Store,
    replace_store: Callable[[str], Store],
) -> Restored:
    """Called once when a partition opens, with the changelog that it owns.

    :param replace_store: see `processors.shell.partition.Partition`. :raises KafkaWentBack: Kafka does not have records
        any more that the state contains. :raises StateUnreadable: the state was written by other code.
    """
    name, number = processor.name, changelog.partition
    sources = [topic.name for topic in processor.sources]
    positions = await fetch_positions(kafka, [changelog.topic, *sources], number, group)
    if reason := why_foreign(store, changelog.topic, sources, positions):
        metrics.STORES_REPLACED.labels(name).inc()
        log.error(
            "the store is replaced, and the state restored from the changelog: %s",
            reason,
            extra={"processor": name, "partition": number},
        )
        store = replace_store(TopicId.parse(store.origin).cluster)
    rows = await restore(kafka, name, number, await _with_timers(processor, store))
    if rows is None:
        log.error(
            "the changelog was emptied and is written anew from the store",
            extra={"processor": name, "partition": number},
        )
        offsets, rebuild_id = stored_offsets(store, sources), uuid4().bytes
        store.write([(REBUILT, rebuild_id)], await changelog.replace(store.rows(), offsets, rebuild_id))
    if current := positions.ids.get(changelog.topic):
        store.claim(str(current))
    for topic in sources:
        if not is_origin(store, topic, positions):
            log.error(
                "the topic was made again or is of another cluster: it is read from its beginning",
                extra={"processor": name, "partition": number, "topic": topic},
            )
    metrics.RESTORE_ROWS.labels(name).inc(rows or 0)
    return Restored(store, next_offsets(store, sources, positions), origin_rows(store, sources, positions), positions)


async def _with_timers(processor: Processor[Any], store: Store) -> RestoredStore:
    """The store as a restore writes to it: with the timers of what it writes, where the processor has timers."""
    if processor.wakes is None:
        return store
    records = StateRecordCodec.of(processor)

    def wakes(key: bytes, row: bytes) -> int | None:
        try:
            return None if key.startswith(WATERMARK) else wakes_at(processor, records.decode(row))
        except StateUnreadable:
            raise
        except Exception:  # its next event is rejected, with the place
            log.exception("a state does not say when it wakes", extra={"processor": processor.name})
            return None

    # A large store takes seconds, during which the loop has heartbeats to send.
    await in_thread(derive_index, store, processor.timers_version, wakes)
    return IndexingStore(store, wakes)
