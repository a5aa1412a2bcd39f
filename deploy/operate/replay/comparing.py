"""A processor's stored state against its rebuilt one, key by key."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deploy.operate.replay.canonical import CanonicalForm, hash_of
from processors.shell.state.changelog import WATERMARK
from processors.shell.state.store import RocksStore
from processors.step import Processor

EXAMPLES = 3
MODULUS = 1 << 128


@dataclass(frozen=True, slots=True)
class PartitionComparison:
    """One partition: number of keys and sum of their states' hashes (modulo 2^128), by its changelog and rebuilt.

    ``examples`` are the first keys of those that differ.
    """

    partition: int
    keys: int
    sum: int
    rebuilt_keys: int
    rebuilt_sum: int
    differing: int
    examples: tuple[str, ...]

    @property
    def equal(self) -> bool:
        return not self.differing

    def __str__(self) -> str:
        if self.equal:
            return f"partition {self.partition}: equal, {self.keys:,} keys, {self.sum:032x}"
        return (
            f"partition {self.partition}: {self.differing:,} keys differ, e.g. {', '.join(self.examples)}; "
            f"changelog: {self.keys:,} keys, {self.sum:032x}; "
            f"rebuilt from sources: {self.rebuilt_keys:,} keys, {self.rebuilt_sum:032x}"
        )


def compare(processor: Processor[Any], partition: int, stored: RocksStore, rebuilt: RocksStore) -> PartitionComparison:
    """Holds the canonical forms of all rows of a partition against each other."""
    canonical = CanonicalForm(processor)
    keys = [0, 0]
    sums = [0, 0]
    differing = 0
    examples: list[str] = []
    for key, *rows in paired_rows(stored, rebuilt):
        forms = [canonical.of(row) if row is not None else None for row in rows]
        for side, form in enumerate(forms):
            if form is not None:
                keys[side] += 1
                sums[side] = (sums[side] + hash_of(key, form)) % MODULUS
        if forms[0] != forms[1]:
            differing += 1
            if len(examples) < EXAMPLES:
                examples.append(key.decode(errors="replace"))
    return PartitionComparison(partition, keys[0], sums[0], keys[1], sums[1], differing, tuple(examples))


def paired_rows(stored: RocksStore, rebuilt: RocksStore) -> Iterator[tuple[bytes, bytes | None, bytes | None]]:
    """Each key with its row in either store, None where a store has none. Both stores iterate in the order of keys."""
    left_rows, right_rows = _state_rows(stored), _state_rows(rebuilt)
    left, right = next(left_rows, None), next(right_rows, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left[0] < right[0]):
            assert left is not None
            yield left[0], left[1], None
            left = next(left_rows, None)
        elif left is None or right[0] < left[0]:
            yield right[0], None, right[1]
            right = next(right_rows, None)
        else:
            yield left[0], left[1], right[1]
            left, right = next(left_rows, None), next(right_rows, None)


def _state_rows(store: RocksStore) -> Iterator[tuple[bytes, bytes]]:
    return ((key, row) for key, row in store.rows() if not key.startswith(WATERMARK))
