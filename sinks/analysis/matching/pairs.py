"""The pairs of records that training compares: those that share a block, and random ones."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations

from schemas.matching.blocks import MAX_RECORDS
from schemas.matching.model import compare_numbers, numbers
from schemas.matching.traits import Traits

Patterns = Counter[tuple[int, ...]]
"""Number of pairs by pattern of agreement: the level of each field, see ``schemas.matching.model.compare``."""


def blocked_pairs(records: Sequence[Traits]) -> set[tuple[int, int]]:
    """Every pair that shares a block, once, as indexes; blocks that would be oversized in the stream are left out."""
    members: defaultdict[str, list[int]] = defaultdict(list)
    for index, record in enumerate(records):
        for block in record.blocks:
            members[block].append(index)
    return {pair for block in members.values() if len(block) <= MAX_RECORDS for pair in combinations(block, 2)}


def random_pairs(count: int, of: int, seed: int) -> list[tuple[int, int]]:
    """``count`` pairs of ``of`` records, each of two different ones; the same for the same seed."""
    chance = random.Random(seed)
    return [(one, (one + chance.randrange(1, of)) % of) for one in (chance.randrange(of) for _ in range(count))]


def patterns(records: Sequence[Traits], pairs: Iterable[tuple[int, int]]) -> Patterns:
    """Counts the patterns of agreement of these pairs; all records are of one type."""
    record_type, known = records[0].record_type, [numbers(record) for record in records]
    return Counter(compare_numbers(record_type, known[one], known[other]) for one, other in pairs)
