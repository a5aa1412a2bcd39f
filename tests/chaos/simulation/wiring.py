"""The simulation's seam to the shell: how a partition is built, and which of its functions the broker twin replaces."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from unittest.mock import patch

from processors.reference import Reference
from processors.shell import ownership, restoring
from processors.shell import partition as shell
from processors.shell.local_delivery import LocalDelivery
from processors.shell.settings import WorkerSettings
from processors.shell.state import state_cache
from processors.shell.state.changelog import WATERMARK, Changelog, RestoredStore, watermarks
from processors.shell.state.opening import TopicPositions
from processors.shell.state.records import Active, StateRecordCodec
from processors.shell.state.store import MemoryStore
from processors.shell.timers.watch import Sources
from processors.step import Processor
from schemas.codec.avro import Codec
from schemas.process.reject_window import RejectWindow
from schemas.topics import PARTITIONS, Topic
from tests.chaos.simulation.broker_twin import FaultyStore, PartitionData, ProducerTwin

SETTINGS = WorkerSettings(kafka="", data=Path(), partitions=PARTITIONS, transaction_interval_ms=2)
GENERATION_KEYS = 2
"""So few that records are read back from the store all the time."""


class CachingCodec(Codec):
    """Decodes the same bytes once: thousands of runs read them again and again."""

    @cache  # noqa: B019 - one codec for the whole test run
    def of(self, topic: Topic) -> Any:
        return _CachingTopicCodec(super().of(topic))


class _CachingTopicCodec:
    def __init__(self, codec: Any) -> None:
        self._codec = codec
        self._decoded: dict[bytes, Any] = {}

    def decode(self, value: bytes) -> Any:
        event = self._decoded.get(value)
        if event is None:
            if len(self._decoded) > 10_000:
                self._decoded.clear()
            event = self._decoded[value] = self._codec.decode(value)
        return event


CODEC = CachingCodec()


class Owner(Protocol):
    """What the wiring reads of a partition's owner."""

    data: PartitionData
    transactional: ProducerTwin


@dataclass(frozen=True)
class Wiring:
    """Owners by name; the name stands where a partition has the address of its brokers."""

    owners: dict[str, Owner]

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Inside it, partitions open their changelog, restore and read topic bounds from the broker twin."""

        async def open_changelog(name: str, processor: str, partition: int, group: str, timeout_ms: int) -> Changelog:
            producer: Any = self.owners[name].transactional
            return Changelog(processor, partition, group, producer, producer)

        async def restore_store(name: str, processor: str, partition: int, store: RestoredStore) -> int:
            return restore(self.owners[name].data, store)

        async def fetch_positions(name: str, topics: Iterable[str], partition: int, group: str) -> TopicPositions:
            owner = self.owners[name]
            sources, rows = owner.transactional.broker.sources, len(owner.data.rows)
            ends = {topic: len(sources[topic][partition]) if topic in sources else rows for topic in topics}
            await asyncio.sleep(0)  # other owners go on while the brokers answer
            return TopicPositions({}, {topic: (0, end) for topic, end in ends.items()})

        async def in_thread(work: Callable[..., Any], *args: Any) -> Any:
            await asyncio.sleep(0)
            return work(*args)

        with (
            patch.object(ownership, "open_changelog", open_changelog),
            patch.object(restoring, "in_thread", in_thread),
            patch.object(restoring, "restore", restore_store),
            patch.object(restoring, "fetch_positions", fetch_positions),
            patch.object(state_cache, "GENERATION_KEYS", GENERATION_KEYS),
        ):
            yield


def restore(data: PartitionData, store: RestoredStore) -> int:
    """Brings the store to the end of the changelog."""
    new = data.rows[store.position :]
    if new:
        store.write(new, len(data.rows))
    return len(new)


def build_partition(
    name: str,
    processor: Processor[Any],
    number: int,
    partitions: int,
    commit_interval_ms: int,
    store: FaultyStore,
    producer: ProducerTwin,
    reference: Reference,
    rewind: Callable[[str, int, int], Awaitable[int]],
    sources: Sources,
    clock: Any,
) -> shell.Partition:
    return shell.Partition(
        replace(SETTINGS, kafka=name, partitions=partitions, commit_interval_ms=commit_interval_ms),
        processor,
        number,
        "group",
        store,
        lambda cluster: MemoryStore(),
        CODEC,
        producer,  # type: ignore[arg-type]
        lambda: reference,
        rewind,
        LocalDelivery(),
        RejectWindow(SETTINGS.reject_ratio, SETTINGS.reject_window),
        sources,
        clock,
    )


def has_timers(partition: shell.Partition) -> bool:
    """Whether something is due, now or later."""
    return partition._task.next_due is not None


def opened_at(partition: shell.Partition) -> dict[str, int]:
    """The next offset of each topic of which the state that the partition restored has records."""
    return {topic: offset for topic, offset in partition._next.items() if offset}


def commit_in_order(order: str) -> Callable[[shell.Partition, Changelog], Awaitable[None]]:
    """A commit that takes its three steps in this order: E for effects, C for changelog and offsets, S for the store.
    "ECS" is the shell's."""

    async def commit(self: shell.Partition, changelog: Changelog) -> None:
        async with self._whole_batch:
            rows, offsets, deliveries = self._task.take_changed_rows(), self._uncommitted, self._deliveries
            transactional = self._task.take_transactional()
            self._uncommitted, self._deliveries = {}, []
            timers = self._task.take_changed_timers()
        if not (rows or offsets or transactional):
            return
        position = self._store.position
        for step in order:
            match step:
                case "E":
                    for delivery in deliveries:
                        await delivery
                case "C":
                    position = await changelog.commit(rows, offsets, self._outbox.transactional_rows(transactional))
                case "S":
                    self._store.write((*rows.items(), *watermarks(offsets)), position, timers)
        self._task.after_commit()

    return commit


def states_of(processor: Processor[Any], rows: dict[bytes, bytes]) -> dict[str, Any]:
    """The state of each key in the rows of a changelog or a store, without dedup windows."""
    codec = StateRecordCodec(processor.state)
    records = {key.decode(): codec.decode(raw) for key, raw in rows.items() if not key.startswith(WATERMARK)}
    return {key: one.state if isinstance(one, Active) else one for key, one in records.items()}
