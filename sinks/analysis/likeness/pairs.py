"""Which pairs of records are looked at: those that share a block, and some by chance."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations

from schemas.likeness.blocks import MAX_RECORDS
from schemas.likeness.model import compare_numbers, numbers
from schemas.likeness.traits import Traits

Patterns = Counter[tuple[int, ...]]
"""How many pairs agree in one way: the level of each field, see ``schemas.likeness.model.compare``."""


def blocked(records: Sequence[Traits]) -> set[tuple[int, int]]:
    """Every pair that shares a block, once, as indexes; blocks that the stream gives up as crowded are left out."""
    members: defaultdict[str, list[int]] = defaultdict(list)
    for index, record in enumerate(records):
        for block in record.blocks:
            members[block].append(index)
    return {pair for block in members.values() if len(block) <= MAX_RECORDS for pair in combinations(block, 2)}


def by_chance(count: int, of: int, seed: int) -> list[tuple[int, int]]:
    """``count`` pairs of ``of`` records, each of two different ones; the same for the same seed."""
    chance = random.Random(seed)
    return [(one, (one + chance.randrange(1, of)) % of) for one in (chance.randrange(of) for _ in range(count))]


def patterns(records: Sequence[Traits], pairs: Iterable[tuple[int, int]]) -> Patterns:
    sort, known = records[0].sort, [numbers(record) for record in records]
    return Counter(compare_numbers(sort, known[one], known[other]) for one, other in pairs)
