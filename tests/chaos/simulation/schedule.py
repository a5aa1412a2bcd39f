"""Everything that Kafka and the operating system do not guarantee: which batch is fetched when, which owner works when,
how much of what was not acknowledged is delivered."""

import random
from dataclasses import dataclass
from typing import Protocol

Fetch = tuple[str, int, int]
"""Topic, first offset, number of records."""


@dataclass
class FetchState:
    """Offsets of one owner, by topic: the next one to fetch, the committed one, and the end of the log."""

    next: dict[str, int]
    committed: dict[str, int]
    ends: dict[str, int]


class Schedule(Protocol):
    """Asked by the simulation for every such decision."""

    def commit_interval_ms(self) -> int: ...

    def wall_clock(self) -> float:
        """The machine's clock, in seconds since 1970."""

    def wakes_sleeper(self) -> bool:
        """Whether a process that sleeps is woken now, beside its successor."""

    def feeds_former_owner(self) -> bool:
        """Whether an owner that lost the partition receives another batch now."""

    def next_fetch(self, state: FetchState) -> Fetch | None:
        """The next batch to deliver; None when there is none."""

    def next_local_delivery(self, state: FetchState) -> Fetch | None:
        """Records that the process of the partition has published itself and delivers locally, at any offset."""

    def delivered_at_end(self, least: int, most: int) -> int:
        """How many of the records that a dead process had sent are in the log in the end."""


class RandomSchedule:
    """Everything is possible: some records are fetched again, some are lost between fetch and partition."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def commit_interval_ms(self) -> int:
        return self._random.choice((1, 3, 10))

    def wall_clock(self) -> float:
        return 1_772_445_600 + self._random.uniform(-48, 48) * 3600

    def wakes_sleeper(self) -> bool:
        return self._random.random() < 0.1

    def feeds_former_owner(self) -> bool:
        return self._random.random() < 0.3

    def next_fetch(self, state: FetchState) -> Fetch | None:
        topic = self._random.choice([topic for topic, end in state.ends.items() if end] or [""])
        if not topic:
            return None
        at, committed, luck = state.next.get(topic, 0), state.committed.get(topic, 0), self._random.random()
        if luck < 0.1:
            at = self._random.randint(0, committed)
        elif luck < 0.15:
            at += self._random.randint(1, 3)
        count = min(self._random.randint(1, 6), state.ends[topic] - at)
        return (topic, at, count) if count > 0 else None

    def next_local_delivery(self, state: FetchState) -> Fetch | None:
        topic = self._random.choice([topic for topic, end in state.ends.items() if end] or [""])
        if not topic or self._random.random() < 0.8:
            return None
        at = max(0, state.next.get(topic, 0) + self._random.choice((-2, -1, 0, 0, 0, 1, 2)))
        count = min(self._random.randint(1, 4), state.ends[topic] - at)
        return (topic, at, count) if count > 0 else None

    def delivered_at_end(self, least: int, most: int) -> int:
        return self._random.randint(least, most)


@dataclass(frozen=True)
class SteadySchedule:
    """Nothing is random: topics in their order, ``size`` records at a time, each after a commit or as soon as the
    partition takes them; of what was not acknowledged everything is delivered, or nothing."""

    size: int
    after_commit: bool
    everything: bool

    def commit_interval_ms(self) -> int:
        return 1

    def wall_clock(self) -> float:
        return 1_772_445_600

    def wakes_sleeper(self) -> bool:
        return True

    def feeds_former_owner(self) -> bool:
        return True

    def next_fetch(self, state: FetchState) -> Fetch | None:
        for topic, end in state.ends.items():
            if (at := state.next.get(topic, 0)) < end:
                if self.after_commit and state.committed.get(topic, 0) < at:
                    return None
                return topic, at, min(self.size, end - at)
        return None

    def next_local_delivery(self, state: FetchState) -> Fetch | None:
        return None

    def delivered_at_end(self, least: int, most: int) -> int:
        return most if self.everything else least
