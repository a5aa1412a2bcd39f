"""One process that owns a partition, from its start to its end."""

import asyncio
from typing import Any

from processors.shell.runs import Run
from processors.step import Processor
from processors.world import World
from tests.fire.simulation import adapter
from tests.fire.simulation.broker_twin import Broker, Crash, Fate, Fenced, FragileStore, Producer, beyond
from tests.fire.simulation.chance import Chance, Fetching


class Life:
    """Starts when it is made. ``task`` is the partition at work."""

    def __init__(
        self,
        name: str,
        processor: Processor[Any],
        world: World,
        broker: Broker,
        number: int,
        store: FragileStore,
        fate: Fate,
        chance: Chance,
    ) -> None:
        self._broker, self._chance, self.number = broker, chance, number
        self.fate, self.home = fate, broker.homes[number]
        self._plain = Producer(broker, fate)
        self.transactional = Producer(broker, fate, self.home)
        store.fate = fate
        self._fetched = dict(self.home.offsets)
        self._since = dict(self.home.offsets)
        self._rewinds = 0
        self._handing: asyncio.Future[None] | None = None
        self._closing = self._looked_at = False
        self.partition = adapter.build_partition(
            name,
            processor,
            number,
            len(broker.homes),
            chance.commit_interval_ms(),
            store,
            self._plain,
            world,
            self._rewind,
        )

    def start(self) -> None:
        self.task = asyncio.ensure_future(self.partition.run())
        self.task.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def _rewind(self, topic: str, number: int, offset: int) -> int:
        self._fetched[topic] = offset
        self._rewinds += 1
        return self._rewinds

    @property
    def is_over(self) -> bool:
        """Nobody waits for this life any more: it has ended, sleeps, or the partition went to somebody else."""
        return self.task.done() or (self.fate.reached and self.fate.kind in ("sleeps", "loses"))

    @property
    def is_asleep(self) -> bool:
        return self.fate.reached and self.fate.kind == "sleeps" and not self.fate.woken.is_set()

    def feed(self) -> bool:
        """Hands over what comes next, if the partition takes it; whether it did."""
        if self._closing or not self.partition.opened.is_set() or self.is_asleep:
            return False
        if self._handing is not None and not self._handing.done():
            return False
        self._look_at_start()
        logs = {topic: logs[self.number] for topic, logs in self._broker.sources.items()}
        ends = {topic: len(log) for topic, log in logs.items()}
        place = Fetching(_without_holes(logs, self._fetched), _without_holes(logs, self.home.offsets), ends)
        if handed := self._chance.hands(place):
            topic, at, count = handed
            self.partition.hand(topic, [record for record in logs[topic][at : at + count] if record is not None])
        fetch = self._chance.fetches(place)
        if fetch is None:
            return False
        topic, at, count = fetch
        # What comes later than what is due: the fetch before it was lost on the way.
        follows = at if at > place.next[topic] else min(at, self._fetched.get(topic, 0))
        self._fetched[topic] = at + count
        if records := [record for record in logs[topic][at : at + count] if record is not None]:
            run = Run(records, follows, self._since.get(topic, 0), self._rewinds)
            self._handing = asyncio.ensure_future(self.partition.deliver(topic, run))
        return True

    def _look_at_start(self) -> None:
        """State and offsets were committed together: whoever restores them finds that they agree."""
        if not self._looked_at:
            self._looked_at = True
            assert adapter.opened_at(self.partition) == self._fetched, "the state and the committed offsets differ"

    def close(self) -> None:
        """Asks it to leave in order."""
        if not self._closing and self.partition.opened.is_set():
            self._closing = True
            if self._handing is not None:
                self._handing.cancel()
            self.partition.close()

    def bury(self) -> None:
        """After its end: what was sent and not acknowledged arrives or does not.

        :raises BaseException: what it died of, unless fate had that in mind.
        """
        if self._handing is not None:
            self._handing.cancel()
        if (error := self.task.exception()) is not None and (bugs := _bugs(error)):
            raise bugs[0]
        self._plain.deliver(self._chance.arrives(self._plain.delivered, len(self._plain.sent)))


def _without_holes(logs: dict[str, list[Any]], offsets: dict[str, int]) -> dict[str, int]:
    """The same places, moved on to the next record or the end."""
    nexts = {topic: beyond(log, offsets.get(topic, 0)) for topic, log in logs.items()}
    return {topic: len(logs[topic]) if at is None else at for topic, at in nexts.items()}


def _bugs(error: BaseException) -> list[BaseException]:
    """What is in an error beside the end that fate had in mind."""
    if isinstance(error, BaseExceptionGroup):
        return [bug for inner in error.exceptions for bug in _bugs(inner)]
    return [] if isinstance(error, Crash | Fenced) else [error]
