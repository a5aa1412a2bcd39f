"""Planted bugs of the shell: order of durability, offsets, owners, partitions."""

import random
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from processors.rewards import core as rewards
from processors.shell import task
from processors.shell.applied_batch import AppliedBatch
from processors.shell.fetch.gaps import FetchedBatch, GapDetector
from processors.shell.fetch.recovery_order import RecoveryOrder
from processors.shell.partition import Partition
from processors.shell.state.changelog import WATERMARK, Changelog
from processors.shell.state.state_cache import StateCache
from processors.shell.task import StreamTask
from processors.step import Emit
from schemas.topics import BY_NAME
from tests.chaos.simulation import wiring
from tests.chaos.simulation.broker_twin import BrokerTwin, FaultyStore
from tests.chaos.simulation.planting import around, planted

# The order of durability.

for _order in ("CES", "CSE", "ESC", "SEC", "SCE"):
    planted(f"durability in the order {_order}")(
        lambda order=_order: patch.object(Partition, "_commit", wiring.commit_in_order(order))  # type: ignore[misc]
    )


@planted("effects published and their acknowledgements not awaited")
def _() -> Any:
    return patch.object(Partition, "_commit", wiring.commit_in_order("CS"))


@planted("a commit in the middle of a batch")
def _() -> Any:
    def build(original: Any, *args: Any) -> Partition:
        partition = original(*args)
        partition._whole_batch = nullcontext()
        return partition

    return around(wiring, "build_partition", build)


@planted("transactional effects published outside the transaction")
def _() -> Any:
    def process(original: Any, self: StreamTask, *args: Any) -> int:
        applied: int = original(self, *args)
        for effect in self.take_transactional():
            self.publish(effect)
        return applied

    return around(StreamTask, "process", process)


@planted("transactional effects lost")
def _() -> Any:
    return around(StreamTask, "take_transactional", lambda original, self: original(self)[1:])


@planted("changed state records leave the cache before they are committed")
def _() -> Any:
    def rotate(original: Any, self: StateCache) -> None:
        original(self)
        self._previous = {}

    return around(StateCache, "rotate", rotate)


@planted("prefetched rows take precedence over cached state records")
def _() -> Any:
    def find(original: Any, self: StateCache, key: bytes) -> Any:
        if key in self._prefetched:
            self._previous.pop(key, None)
        return original(self, key)

    return around(StateCache, "find", find)


@planted("transactional topics not deferred after an opening")
def _() -> Any:
    return patch.object(RecoveryOrder, "defers", lambda *args: False)


@planted("a record that raises is passed over")
def _() -> Any:
    return patch.object(StreamTask, "_apply_alone", _passing_over)


def _passing_over(self: StreamTask, topic: Any, record: Any, reference: Any, taken_until: Any) -> AppliedBatch:
    try:
        return self._apply(topic, (record,), reference)
    except Exception:
        return AppliedBatch(count=1)


@planted("the reject of a record that raises published outside the transaction")
def _() -> Any:
    def accept(original: Any, self: StreamTask, topic: Any, batch: AppliedBatch) -> None:
        if batch.rejects:
            batch.plain, batch.transactional = batch.transactional, []
        original(self, topic, batch)

    return around(StreamTask, "_accept", accept)


# Offsets and watermarks.


@planted("gaps and redelivery not detected")
def _() -> Any:
    async def new_records(self: Partition, topic: str, batch: FetchedBatch) -> Any:
        return batch.records

    return patch.object(Partition, "_new_records", new_records)


@planted("lost batches of transactional topics not detected")
def _() -> Any:
    def new_records(original: Any, self: GapDetector, topic: str, batch: FetchedBatch, expected: int) -> Any:
        return original(self, topic, batch._replace(requested=0) if BY_NAME[topic].transactional else batch, expected)

    return around(GapDetector, "new_records", new_records)


@planted("a gap that comes twice taken for one of the topic")
def _() -> Any:
    def new_records(original: Any, self: GapDetector, topic: str, batch: FetchedBatch, expected: int) -> Any:
        gap = topic, expected, batch.requested
        if batch.requested > expected and gap in (known := vars(self).setdefault("gaps", set())):
            return batch.records
        if batch.requested > expected:
            known.add(gap)
        return original(self, topic, batch, expected)

    return around(GapDetector, "new_records", new_records)


def _watermark_off_by(error: int) -> Any:
    watermarks = {WATERMARK + topic.encode() for topic in BY_NAME}

    def get(original: Any, self: FaultyStore, key: bytes) -> bytes | None:
        raw = original(self, key)
        return b"%d" % (int(raw) + error) if raw is not None and key in watermarks else raw

    return around(FaultyStore, "get", get)


planted("watermark one too high")(lambda: _watermark_off_by(1))
planted("watermark one too low")(lambda: _watermark_off_by(-1))


@planted("offsets committed for a topic that was not processed")
def _() -> Any:
    def commit(original: Any, self: Changelog, rows: Any, offsets: dict[str, int], transactional: Any) -> Any:
        every = {topic.name: max(offsets.values()) for topic in rewards.PROCESSOR.sources}
        return original(self, rows, every | offsets, transactional)

    return around(Changelog, "commit", commit)


@planted("offsets committed without their state")
def _() -> Any:
    return around(
        Changelog,
        "commit",
        lambda original, self, rows, offsets, transactional: original(self, {}, offsets, transactional),
    )


# Owners.


@planted("zombies not fenced")
def _() -> Any:
    return patch.object(BrokerTwin, "accepts", lambda self, data, epoch: True)


@planted("the tail of the changelog not restored")
def _() -> Any:
    def restore(original: Any, data: Any, store: Any) -> int:
        return original(replace(data, rows=data.rows[:-1]), store)

    return around(wiring, "restore", restore)


@planted("a disk used without its changelog")
def _() -> Any:
    return around(wiring, "restore", lambda original, data, store: 0 if store.position else original(data, store))


@planted("cached state records outlive an owner that failed")
def _() -> Any:
    def post_init(original: Any, self: StreamTask) -> None:
        original(self)
        self._cache.current = vars(self.store).setdefault("current", {})

    return around(StreamTask, "__post_init__", post_init)


# Partitions.


@planted("answers that ignore the partition of their gateway")
def _() -> Any:
    def encode(original: Any, codec: Any, effect: Emit, partitions: int) -> Any:
        return original(codec, Emit(effect.event), partitions)

    return around(task, "encode_effect", encode)


@contextmanager
def _any_partition() -> Iterator[None]:
    chance = random.Random(1)

    def encode(original: Any, codec: Any, effect: Emit, partitions: int) -> Any:
        partition = chance.randrange(2) if effect.partition is None else effect.partition
        return original(codec, Emit(effect.event, partition), partitions)

    with around(task, "encode_effect", encode):
        yield


planted("effects on any partition")(_any_partition)
