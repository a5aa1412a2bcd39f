"""How far the source topics of a partition were applied, by the brokers' stamps, and what waits for that."""

from collections.abc import Iterable, Sequence

from processors.shell.fetch.gaps import FetchedBatch

NEVER = 1 << 63


class Taken:
    """Up to which time (microseconds) each source topic of a partition was applied, and what waits for that.

    Used by one partition. A topic's records have the brokers' stamps, so whoever sees one of 10:00 has all of before.
    """

    def __init__(self, topics: Iterable[str]) -> None:
        self._until = dict.fromkeys(topics, 0)
        self._held: dict[str, list[FetchedBatch]] = {}

    @property
    def holds(self) -> bool:
        """Whether batches are held back."""
        return bool(self._held)

    def is_held(self, topic: str) -> bool:
        return topic in self._held

    def reached(self, topic: str, until: int) -> None:
        """Everything of the topic that Kafka took before then was applied, or begins with a record that is held."""
        self._until[topic] = max(self._until[topic], until)

    def without(self, topic: str) -> int:
        """Up to which time all other topics were applied."""
        return min((until for other, until in self._until.items() if other != topic), default=NEVER)

    def all_until(self, until: int) -> bool:
        """Whether every topic was applied up to then."""
        return all(reached >= until for reached in self._until.values())

    def hold(self, topic: str, batch: FetchedBatch) -> None:
        """The batch, and what comes after it, waits for other topics."""
        self._held.setdefault(topic, []).append(batch)
        self.reached(topic, self._held[topic][0].records[0].timestamp * 1000)

    def release(self) -> Sequence[tuple[str, FetchedBatch]]:
        """All that was held, in the order of each topic."""
        held, self._held = self._held, {}
        return [(topic, batch) for topic, batches in held.items() for batch in batches]
