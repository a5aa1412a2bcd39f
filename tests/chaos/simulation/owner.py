"""One process that owns a partition, from its start to its end."""

import asyncio
from typing import Any

from processors.reference import Reference
from processors.shell.fetch.gaps import FetchedBatch
from processors.shell.timers.watch import Fetched
from processors.step import Processor
from tests.chaos.simulation import wiring
from tests.chaos.simulation.broker_twin import BrokerTwin, FaultyStore, Fenced, ProducerTwin, next_record
from tests.chaos.simulation.faults import Crash, FaultPoint
from tests.chaos.simulation.schedule import FetchState, Schedule


class BrokersClock:
    """What an owner knows of the brokers' time: one that they have reached, some milliseconds ago."""

    def __init__(self, broker: BrokerTwin) -> None:
        self._broker = broker

    def observe(self, stamp_ms: int) -> None:
        pass

    def now_ms(self) -> int:
        return self._broker.now_ms() - 2


class PartitionOwner:
    """``task`` runs the partition, from `start` on."""

    def __init__(
        self,
        name: str,
        processor: Processor[Any],
        reference: Reference,
        broker: BrokerTwin,
        number: int,
        store: FaultyStore,
        fault_point: FaultPoint,
        schedule: Schedule,
    ) -> None:
        self._broker, self._schedule, self.number = broker, schedule, number
        self.fault_point, self.data = fault_point, broker.partitions[number]
        self._plain = ProducerTwin(broker, fault_point)
        self.transactional = ProducerTwin(broker, fault_point, self.data)
        store.fault_point = fault_point
        self._fetched = dict(self.data.offsets)
        self._start = dict(self.data.offsets)
        self._rewinds = 0
        self._delivering: asyncio.Future[None] | None = None
        self._closing = self._start_checked = False
        self.partition = wiring.build_partition(
            name,
            processor,
            number,
            len(broker.partitions),
            schedule.commit_interval_ms(),
            store,
            self._plain,
            reference,
            self._rewind,
            self,
            BrokersClock(broker),
        )

    def start(self) -> None:
        self.task = asyncio.ensure_future(self.partition.run())
        self.task.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def ends(self, partition: int) -> dict[str, int]:
        """As the broker has them; other owners go on while it answers."""
        ends = {topic: len(logs[partition]) for topic, logs in self._broker.sources.items()}
        await self.fault_point.step_async()
        return ends

    def fetched(self, topic: str, partition: int) -> Fetched:
        handed_on = self._fetched.get(topic, 0)
        position = _without_holes({topic: self._broker.sources[topic][partition]}, self._fetched)[topic]
        return Fetched(position, handed_on)

    async def is_behind(self, now_ms: int) -> bool:
        return False

    @property
    def has_timers(self) -> bool:
        return self.partition.opened.is_set() and wiring.has_timers(self.partition)

    async def _rewind(self, topic: str, number: int, offset: int) -> int:
        self._fetched[topic] = offset
        self._rewinds += 1
        return self._rewinds

    @property
    def is_over(self) -> bool:
        """Whether the next owner may start: this one has ended, sleeps, or has lost the partition."""
        return self.task.done() or (self.fault_point.reached and self.fault_point.kind in ("sleeps", "loses"))

    @property
    def is_asleep(self) -> bool:
        return self.fault_point.reached and self.fault_point.kind == "sleeps" and not self.fault_point.woken.is_set()

    def feed(self) -> bool:
        """Delivers the next batch of the schedule, if the partition takes one; whether it did."""
        if self._closing or not self.partition.opened.is_set() or self.is_asleep:
            return False
        if self._delivering is not None and not self._delivering.done():
            return False
        self._check_start()
        logs = {topic: logs[self.number] for topic, logs in self._broker.sources.items()}
        ends = {topic: len(log) for topic, log in logs.items()}
        state = FetchState(_without_holes(logs, self._fetched), _without_holes(logs, self.data.offsets), ends)
        if local := self._schedule.next_local_delivery(state):
            topic, at, count = local
            records = [record for record in logs[topic][at : at + count] if record is not None]
            self.partition.deliver_local(topic, records)
        fetch = self._schedule.next_fetch(state)
        if fetch is None:
            return False
        topic, at, count = fetch
        # A fetch beyond the next offset: the batch before it was lost on the way.
        requested = at if at > state.next[topic] else min(at, self._fetched.get(topic, 0))
        self._fetched[topic] = at + count
        if records := [record for record in logs[topic][at : at + count] if record is not None]:
            batch = FetchedBatch(records, requested, self._start.get(topic, 0), self._rewinds)
            self._delivering = asyncio.ensure_future(self.partition.deliver(topic, batch))
        return True

    def _check_start(self) -> None:
        """State and offsets were committed together, so they agree after a restore."""
        if not self._start_checked:
            self._start_checked = True
            opened_at = wiring.opened_at(self.partition)
            assert opened_at == self._fetched, "the state and the committed offsets differ"

    def close(self) -> None:
        """Closes the partition in order."""
        if not self._closing and self.partition.opened.is_set():
            self._closing = True
            if self._delivering is not None:
                self._delivering.cancel()
            self.partition.close()

    def finish(self) -> None:
        """After the end of the task: the schedule decides how much of what was sent and not acknowledged is delivered.

        :raises BaseException: what ended the task, unless the fault did.
        """
        if self._delivering is not None:
            self._delivering.cancel()
        if (error := self.task.exception()) is not None and (bugs := _bugs(error)):
            raise bugs[0]
        self._plain.deliver(self._schedule.delivered_at_end(self._plain.delivered, len(self._plain.sent)))


def _without_holes(logs: dict[str, list[Any]], offsets: dict[str, int]) -> dict[str, int]:
    """The same offsets, moved on to the next record or the end."""
    nexts = {topic: next_record(log, offsets.get(topic, 0)) for topic, log in logs.items()}
    return {topic: len(logs[topic]) if at is None else at for topic, at in nexts.items()}


def _bugs(error: BaseException) -> list[BaseException]:
    """The exceptions in an error that no fault explains."""
    if isinstance(error, BaseExceptionGroup):
        return [bug for inner in error.exceptions for bug in _bugs(inner)]
    return [] if isinstance(error, Crash | Fenced) else [error]
