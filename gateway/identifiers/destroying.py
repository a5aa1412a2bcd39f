"""Which data keys are to be destroyed, from what was read of their topic."""

from collections import defaultdict
from collections.abc import Mapping


class KeysToDestroy:
    """Of each partition the keys of dead identifiers that have no tombstone so far."""

    def __init__(self) -> None:
        self._dead: set[str] = set()
        self._found: defaultdict[int, dict[str, None]] = defaultdict(dict)

    @property
    def has_dead(self) -> bool:
        return bool(self._dead)

    def add_dead(self, identifier: str) -> bool:
        """An identifier is dead. Whether that is new: what was read of its partition must be read again."""
        is_new = identifier not in self._dead
        self._dead.add(identifier)
        return is_new

    def take(self, partition: int, topic_key: str, is_tombstone: bool) -> None:
        """A record of the topic, in the order of its partition."""
        if is_tombstone:
            self._found[partition].pop(topic_key, None)
        elif identifier_of(topic_key) in self._dead:
            self._found[partition][topic_key] = None

    def found(self) -> Mapping[int, list[str]]:
        """The keys to destroy by partition, as far as was read."""
        return {partition: list(keys) for partition, keys in self._found.items() if keys}

    def destroyed(self, partition: int, topic_key: str) -> None:
        """Its tombstone is written."""
        self._found[partition].pop(topic_key, None)


def identifier_of(topic_key: str) -> str:
    """The identifier whose contact a key protects."""
    return topic_key.rpartition("/")[0]
