"""When the timers of a partition may be done: once everything that Kafka took before their time was applied.

The brokers' clock has passed a timer's time. The ends that the source topics have after that are asked for; when the
partition has applied everything up to these ends, it has applied all that Kafka took before the time, and more. What is
in open transactions counts as well: ends are those of all records, not of the committed ones. While the processors that
write these topics are behind themselves, timers wait (`upstream.py`).
"""

import asyncio
import time
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from aiokafka.errors import KafkaError

from processors import metrics
from processors.shell.task import StreamTask
from processors.shell.timers.clock import Clock
from processors.shell.timers.taken import Taken
from processors.shell.waiting import wait, wait_any

PAUSE_S = 0.02
"""Between two looks at timers that are due, so that one request finds out for many timers how far the topics go."""
APPLIED_PAUSE_S = 0.005
"""Between two looks at how far the topics were applied."""
LOST_AFTER_S = 30.0
"""After which a topic whose fetched records do not arrive is fetched again: no later record shows that they are
lost."""
LONGEST_WAIT_S = 60.0
"""Between two looks at timers that are not due, since clocks of machines and brokers differ in speed."""


class Fetched(NamedTuple):
    """How far a topic was fetched: ``position`` is the next offset to ask the brokers for, ``next`` the offset after
    the last record that was handed on. Between them are markers and records of aborted transactions, which no reader
    gets."""

    position: int
    next: int


class Sources(Protocol):
    """What a partition asks of the consumer that feeds it."""

    async def ends(self, partition: int) -> Mapping[str, int]:
        """The end of each source topic by now, records of open transactions included. :raises KafkaError: the brokers
        do not answer."""

    def fetched(self, topic: str, partition: int) -> Fetched:
        """Must not block."""

    async def is_behind(self, now_ms: int) -> bool:
        """Whether the processors that the topics come from have more to pass on. :param now_ms: the brokers' time."""


def is_applied(next_offset: int, end: int, fetched: Fetched) -> bool:
    """Whether everything before ``end`` was applied. :param next_offset: the offset after the last applied record."""
    return next_offset >= end or (fetched.position >= end and next_offset >= fetched.next)


class Watched(Protocol):
    """What the watch asks of its partition; see there."""

    number: int
    closing: asyncio.Event
    timers_changed: asyncio.Event

    @property
    def is_idle(self) -> bool: ...

    def next_offset(self, topic: str) -> int: ...

    async def do_due(self, until: int) -> bool: ...

    async def release_held(self) -> bool: ...

    async def fetch_lost(self, topic: str) -> None: ...

    def ask_for_stamp(self) -> None: ...


async def watch_timers(partition: Watched, task: StreamTask, taken: Taken, sources: Sources, clock: Clock) -> None:
    """Lets the partition do its timers when they may be done, until it closes. Run by the partition, as a task beside
    the one that applies its batches."""
    closing, changed = partition.closing, partition.timers_changed
    while not closing.is_set():
        changed.clear()
        due, now_ms = task.next_due, clock.now_ms()
        if due is None and not taken.holds:
            await wait_any((closing, changed), LONGEST_WAIT_S)
        elif now_ms is None:
            partition.ask_for_stamp()
            await wait(closing, PAUSE_S)
        elif due is not None and due > now_ms * 1000 and not taken.holds:
            await wait_any((closing, changed), min((due - now_ms * 1000) / 1e6, LONGEST_WAIT_S))
        else:
            until = now_ms * 1000
            # Before the ends are asked for: what was passed on until then is among them.
            is_behind = await sources.is_behind(now_ms)
            if await _applied_until(until, partition, taken, sources) and not is_behind:
                await _do_due(until, partition, task, clock)
            await wait(closing, PAUSE_S)


async def _do_due(until: int, partition: Watched, task: StreamTask, clock: Clock) -> None:
    while (due := task.next_due) is not None and due <= until:
        late_s = ((clock.now_ms() or 0) - due / 1000) / 1000
        if not await partition.do_due(until):
            return
        metrics.TIMER_DELAY_SECONDS.labels(task.processor.name).observe(max(0.0, late_s))


async def _applied_until(until: int, partition: Watched, taken: Taken, sources: Sources) -> bool:
    """Waits until everything was applied that Kafka took before then. :returns: False: the partition closes, or the
    brokers do not answer."""
    try:
        ends = await sources.ends(partition.number)
    except KafkaError:
        return False
    began = time.monotonic()
    while not partition.closing.is_set():
        fetched = {topic: sources.fetched(topic, partition.number) for topic in ends}
        for topic, end in ends.items():
            if is_applied(partition.next_offset(topic), end, fetched[topic]):
                taken.reached(topic, until)
        if taken.all_until(until):
            return True
        if taken.holds and not await partition.release_held():
            return False
        if time.monotonic() - began > LOST_AFTER_S and partition.is_idle:
            for topic, end in ends.items():
                arrived = partition.next_offset(topic)
                if arrived < fetched[topic].next and fetched[topic].position >= end and not taken.is_held(topic):
                    await partition.fetch_lost(topic)
            began = time.monotonic()
        await asyncio.sleep(APPLIED_PAUSE_S)
    return False
