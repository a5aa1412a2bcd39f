"""Planted bugs of timers: early, twice, late, lost, with records that they must not know, without those that they
must."""

from typing import Any
from unittest.mock import patch

from processors.shell.applied_batch import AppliedBatch
from processors.shell.state.store import NO_TIMERS
from processors.shell.task import StreamTask
from processors.shell.timers import watch
from processors.shell.timers.firing import Firing
from processors.shell.timers.index import IndexingStore, TimerIndex
from processors.shell.timers.taken import Taken
from tests.chaos.simulation.owner import BrokersClock
from tests.chaos.simulation.planting import around, planted


@planted("a clock ahead of the brokers'")
def _() -> Any:
    return around(BrokersClock, "now_ms", lambda original, self: original(self) + 50)


@planted("timers done before all records of before their time were applied")
def _() -> Any:
    async def at_once(*args: Any) -> bool:
        return True

    return patch.object(watch, "_applied_until", at_once)


@planted("a record applied before what was due before it")
def _() -> Any:
    return patch.object(Firing, "before_record", lambda self, batch, number, key, record, *args: record)


@planted("a timer done before a record though other topics were not taken so far")
def _() -> Any:
    return patch.object(Taken, "without", lambda self, topic: 1 << 63)


@planted("effects of timers published outside the transaction")
def _() -> Any:
    def wake(original: Any, self: StreamTask, *args: Any) -> int:
        looked: int = original(self, *args)
        for effect in self.take_transactional():
            self.publish(effect)
        return looked

    return around(StreamTask, "wake", wake)


@planted("timers not derived when a store is restored")
def _() -> Any:
    return around(IndexingStore, "write", lambda original, self, rows, position: self._store.write(rows, position))


@planted("timers that were done leave the store before their states are committed")
def _() -> Any:
    def pop(original: Any, self: TimerIndex, until: int) -> Any:
        key = original(self, until)
        self._store.write((), self._store.position, self.take_changed_rows())
        return key

    return around(TimerIndex, "pop", pop)


@planted("new timers not written to the store")
def _() -> Any:
    return around(StreamTask, "take_changed_timers", lambda original, self: (original(self), NO_TIMERS)[1])


@planted("an entry of the index counts, not what the state says")
def _() -> Any:
    def due(original: Any, self: Firing, key: bytes, record: Any, until: int, reference: Any) -> AppliedBatch:
        batch: AppliedBatch = original(self, key, record, until, reference)
        batch.timers = []
        return batch

    return around(Firing, "due", due)


@planted("a timer is entered only when the state had none before")
def _() -> Any:
    def new_timers(original: Any, self: Firing, before: Any, after: Any) -> list[tuple[int, bytes]]:
        found = original(self, before, after)
        return [(at, key) for at, key in found if before[key] is None]

    return around(Firing, "new_timers", new_timers)
