"""A processor's partitions in memory: the real Partition, Changelog, Outbox and StreamTask on a broker that loses
nothing, while their owners end at any step, wake up as zombies, work on beside their successors, lose their disks, and
get records twice or out of order.
"""

import asyncio
import random
from collections import defaultdict
from typing import Any

from processors.reference import Reference
from processors.step import Processor
from schemas.kafka.partitioner import partition_of
from schemas.topics import BY_NAME
from tests.chaos.simulation.broker_twin import BrokerTwin, FaultyStore, PartitionData, PublishedRecord
from tests.chaos.simulation.case import Case, Outcome
from tests.chaos.simulation.faults import Fault, FaultPoint
from tests.chaos.simulation.owner import PartitionOwner
from tests.chaos.simulation.schedule import RandomSchedule, Schedule
from tests.chaos.simulation.virtual_loop import Deadlock, run_to_end
from tests.chaos.simulation.wiring import CODEC, Wiring, states_of
from tests.support.source_records import SourceRecord

NEVER = 10**9
MAX_TURNS = 6000
"""Turns after which an owner that makes no progress counts as deadlocked."""
IDLE_S = 0.001
STEP_MS = 10
"""Between two events of a history with timers, by the brokers' stamps; all of it was taken before the run begins."""


def stamp_ms(number: int) -> int:
    """When an event of a history with timers happens, at once taken by the brokers."""
    return int(SourceRecord._field_defaults["timestamp"]) + number * STEP_MS


def run(processor: Processor[Any], reference: Reference, case: Case, schedule: Schedule | None = None) -> Outcome:
    """Runs the case to its end: everything committed, and no former owner left that could still publish."""
    cluster = ClusterSimulation(processor, reference, case, schedule or RandomSchedule(case.seed))
    with cluster.wiring.installed():
        run_to_end(cluster.run(), case.seed, cluster.schedule.wall_clock())
    return cluster.outcome()


class ClusterSimulation:
    def __init__(self, processor: Processor[Any], reference: Reference, case: Case, schedule: Schedule) -> None:
        self._processor, self._reference, self._case, self.schedule = processor, reference, case, schedule
        self._broker = BrokerTwin(
            {topic.name: [[] for _ in range(case.partitions)] for topic in processor.sources},
            [PartitionData() for _ in range(case.partitions)],
        )
        bursts = random.Random(f"bursts {case.seed}")
        self._broker.burst = lambda: bursts.randrange(3)
        self._stamp_ms = stamp_ms(0)
        for event in case.history:
            topic, key, value, _ = CODEC.record(event)
            number = partition_of(key.decode(), case.partitions)
            if processor.wakes is not None:
                self._stamp_ms = max(self._stamp_ms, event.occurred_at // 1000)
            if case.gradual:
                self._broker.coming.append(PublishedRecord(topic.name, number, key, value))
                continue
            log = self._broker.sources[topic.name][number]
            log.append(SourceRecord(len(log), key, value, self._stamp_ms))
        self._owners: dict[str, PartitionOwner] = {}
        self.wiring = Wiring(self._owners)  # type: ignore[arg-type]
        self._finished: set[int] = set()
        self._disks = [FaultyStore() for _ in range(case.partitions)]

    async def run(self) -> None:
        if self._processor.wakes is not None:
            loop, began = asyncio.get_running_loop(), self._stamp_ms + STEP_MS
            self._broker.now_ms = lambda: began + int(loop.time() * 1000)
        async with asyncio.TaskGroup() as partitions:
            for number in range(self._case.partitions):
                partitions.create_task(self._run_partition(number))

    async def _run_partition(self, number: int) -> None:
        """One owner after the other; some of them work on beside their successors."""
        former: list[PartitionOwner] = []
        for fault in (*(fault for fault in self._case.faults if fault.partition == number), None):
            owner = self._next_owner(number, fault)
            if fault is None:
                await self._run_last(owner, former)
                return
            await self._run_until_over(owner, former)
            if owner.task.done():
                owner.finish()
            else:
                former.append(owner)
            if fault.empty_disk or not owner.task.done():
                self._disks[number] = FaultyStore()

    def _next_owner(self, number: int, fault: Fault | None) -> PartitionOwner:
        point = FaultPoint(NEVER, "dies") if fault is None else FaultPoint(fault.step, fault.kind)
        name = f"owner {len(self._owners)}"
        owner = PartitionOwner(
            name, self._processor, self._reference, self._broker, number, self._disks[number], point, self.schedule
        )
        self._owners[name] = owner
        owner.start()
        return owner

    async def _run_until_over(self, owner: PartitionOwner, former: list[PartitionOwner]) -> None:
        """Until the next owner may start; with nothing left to do the owner is closed in order."""
        for _ in range(MAX_TURNS):
            if owner.is_over:
                return
            self._run_former(former)
            if self._broker.is_done(owner.number):
                owner.close()
            await asyncio.sleep(0 if owner.feed() else IDLE_S)
        raise Deadlock(f"partition {owner.number}: {owner.data.offsets}")

    async def _run_last(self, owner: PartitionOwner, former: list[PartitionOwner]) -> None:
        """Until nothing is left to do and no former owner could still publish; then the owner is closed in order."""
        for _ in range(MAX_TURNS):
            if owner.task.done():
                owner.finish()
                raise AssertionError(f"the last owner of partition {owner.number} ended")
            self._run_former(former)
            if self._broker.is_done(owner.number):
                for one in former:
                    one.close()
            if not former and owner.partition.opened.is_set():
                self._finished.add(owner.number)
            waits = any(one.has_timers for one in self._owners.values() if not one.task.done())
            done = len(self._finished) == self._case.partitions and all(map(self._broker.is_done, self._finished))
            if done and not waits:
                owner.close()
                await asyncio.wait({owner.task})
                owner.finish()
                return
            await asyncio.sleep(0 if owner.feed() else IDLE_S)
        raise Deadlock(f"partition {owner.number}: {owner.data.offsets}")

    def _run_former(self, former: list[PartitionOwner]) -> None:
        """Owners that lost the partition work on, until the broker refuses or there is nothing to do."""
        for owner in tuple(former):
            if owner.task.done():
                owner.finish()
                former.remove(owner)
            elif owner.is_asleep:
                if self.schedule.wakes_sleeper():
                    owner.fault_point.woken.set()
            elif self.schedule.feeds_former_owner():
                owner.feed()

    def outcome(self) -> Outcome:
        effects: dict[str, set[bytes]] = defaultdict(set)
        events = {}
        for topic, _, _, value in self._broker.published:
            event = CODEC.of(BY_NAME[topic]).decode(value)
            effects[event.event_id].add(value)
            events[event.event_id] = event
        changelogs = [dict(data.rows) for data in self._broker.partitions]
        states = [states_of(self._processor, rows) for rows in changelogs]
        return Outcome(
            tuple(self._broker.published),
            tuple(self._broker.stamps_ms),
            dict(effects),
            events,
            {key: state for partition in states for key, state in partition.items()},
            [dict(disk.rows()) for disk in self._disks],
            changelogs,
            [owner.fault_point.steps for owner in self._owners.values() if owner.number == 0][-1],
        )
