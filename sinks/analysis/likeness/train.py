"""From records to a model."""

from collections.abc import Sequence
from typing import Final

import msgspec

from schemas.ids import digest
from schemas.likeness.model import Model
from schemas.likeness.traits import FIELDS, Traits
from sinks.analysis.likeness.fit import fit
from sinks.analysis.likeness.pairs import blocked, by_chance, patterns

BY_CHANCE: Final = 100_000
"""Pairs that show how two strangers agree: enough to see what one pair in ten thousand does."""
SEED: Final = 1
ENOUGH: Final = 100
"""Blocked pairs below which nothing can be learnt."""


class TooFew(Exception):
    """There is not enough to learn from; the message tells what there is."""


def train(records: Sequence[Traits]) -> Model:
    """The model of these records, all of one sort. The same records in the same order give the same bytes.

    :raises TooFew: hardly any two records share a block.
    """
    close = blocked(records)
    if len(close) < ENOUGH:
        raise TooFew(f"{len(records)} records make {len(close)} pairs to learn from; {ENOUGH} are the least")
    strangers = by_chance(BY_CHANCE, len(records), SEED)
    fitted = fit(patterns(records, close), patterns(records, strangers), len(records) * (len(records) - 1) // 2)
    bits = {
        field: tuple(round(float(bit), 3) for bit in levels)
        for field, levels in zip(FIELDS[records[0].sort], fitted.bits, strict=True)
    }
    prior = round(fitted.prior, 3)
    return Model(version=digest(msgspec.json.encode((prior, bits))), prior=prior, bits=bits)
