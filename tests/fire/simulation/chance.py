"""Everything that nobody promises: what is fetched when, who is fed, what still arrives of what was not
acknowledged."""

import random
from dataclasses import dataclass
from typing import Protocol

Fetch = tuple[str, int, int]
"""Topic, first offset, number of records."""


@dataclass
class Fetching:
    """Where a life is in the logs: the next offset of each topic that it fetches, what is committed, and where the logs
    end."""

    next: dict[str, int]
    committed: dict[str, int]
    ends: dict[str, int]


class Chance(Protocol):
    def commit_interval_ms(self) -> int: ...

    def wall_clock(self) -> float:
        """What the machine believes the time to be, in seconds since 1970."""

    def wakes(self) -> bool:
        """Whether a process that sleeps wakes up now, beside its successor."""

    def feeds_former(self) -> bool:
        """Whether somebody who lost the partition is handed more of it now."""

    def fetches(self, place: Fetching) -> Fetch | None:
        """The next run of records to hand over; None when nobody has anything."""

    def hands(self, place: Fetching) -> Fetch | None:
        """Records that the process of the partition has published itself and hands over, at any place."""

    def arrives(self, least: int, most: int) -> int:
        """How much of what a dead process had sent is in the log in the end."""


class Seeded:
    """Anything may happen: some records come again, and some are lost between the fetch and the partition."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def commit_interval_ms(self) -> int:
        return self._random.choice((1, 3, 10))

    def wall_clock(self) -> float:
        return 1_772_445_600 + self._random.uniform(-48, 48) * 3600

    def wakes(self) -> bool:
        return self._random.random() < 0.1

    def feeds_former(self) -> bool:
        return self._random.random() < 0.3

    def fetches(self, place: Fetching) -> Fetch | None:
        topic = self._random.choice([topic for topic, end in place.ends.items() if end] or [""])
        if not topic:
            return None
        at, committed, luck = place.next.get(topic, 0), place.committed.get(topic, 0), self._random.random()
        if luck < 0.1:
            at = self._random.randint(0, committed)
        elif luck < 0.15:
            at += self._random.randint(1, 3)
        count = min(self._random.randint(1, 6), place.ends[topic] - at)
        return (topic, at, count) if count > 0 else None

    def hands(self, place: Fetching) -> Fetch | None:
        topic = self._random.choice([topic for topic, end in place.ends.items() if end] or [""])
        if not topic or self._random.random() < 0.8:
            return None
        at = max(0, place.next.get(topic, 0) + self._random.choice((-2, -1, 0, 0, 0, 1, 2)))
        count = min(self._random.randint(1, 4), place.ends[topic] - at)
        return (topic, at, count) if count > 0 else None

    def arrives(self, least: int, most: int) -> int:
        return self._random.randint(least, most)


@dataclass(frozen=True)
class Steady:
    """Nothing by chance: topics in their order, ``size`` records at a time, each time after a commit or as soon as the
    partition takes them; of what was not acknowledged everything arrives, or nothing."""

    size: int
    after_commit: bool
    everything: bool

    def commit_interval_ms(self) -> int:
        return 1

    def wall_clock(self) -> float:
        return 1_772_445_600

    def wakes(self) -> bool:
        return True

    def feeds_former(self) -> bool:
        return True

    def fetches(self, place: Fetching) -> Fetch | None:
        for topic, end in place.ends.items():
            if (at := place.next.get(topic, 0)) < end:
                if self.after_commit and place.committed.get(topic, 0) < at:
                    return None
                return topic, at, min(self.size, end - at)
        return None

    def hands(self, place: Fetching) -> Fetch | None:
        return None

    def arrives(self, least: int, most: int) -> int:
        return most if self.everything else least
