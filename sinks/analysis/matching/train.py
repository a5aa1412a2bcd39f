"""From records to a model."""

from collections.abc import Sequence
from typing import Final

import msgspec

from schemas.ids import digest
from schemas.matching.model import Model
from schemas.matching.traits import FIELDS, Traits
from sinks.analysis.matching.fit import fit
from sinks.analysis.matching.pairs import blocked_pairs, patterns, random_pairs

RANDOM_PAIRS: Final = 100_000
"""Pairs that show how two strangers agree: enough to see what one pair in ten thousand does."""
SEED: Final = 1
MIN_BLOCKED_PAIRS: Final = 100
"""Blocked pairs below which no model is trained."""


class TooFewPairs(Exception):
    """There are not enough records to train a model; the message has their number."""


def train(records: Sequence[Traits]) -> Model:
    """The model of these records, all of one type. The same records in the same order give the same bytes.

    :raises TooFewPairs: hardly any two records share a block.
    """
    close = blocked_pairs(records)
    if len(close) < MIN_BLOCKED_PAIRS:
        raise TooFewPairs(
            f"{len(records)} records make {len(close)} pairs to learn from; at least {MIN_BLOCKED_PAIRS} are needed"
        )
    strangers = random_pairs(RANDOM_PAIRS, len(records), SEED)
    fitted = fit(patterns(records, close), patterns(records, strangers), len(records) * (len(records) - 1) // 2)
    bits = {
        field: tuple(round(float(bit), 3) for bit in levels)
        for field, levels in zip(FIELDS[records[0].record_type], fitted.bits, strict=True)
    }
    prior = round(fitted.prior, 3)
    return Model(version=digest(msgspec.json.encode((prior, bits))), prior=prior, bits=bits)
