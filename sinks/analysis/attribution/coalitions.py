"""The Shapley models' answers."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from sinks.analysis.attribution.answer import Answer, Credit, Totals, Unfit, none_converts, shared_out
from sinks.analysis.attribution.reading import Presence, ValueSet, totals_of
from sinks.analysis.attribution.shapley import MOST_VALUES, rate_values

MOST_SETS: Final = 1 << MOST_VALUES
RARE: Final = 100
"""Paths below which a value is worth a warning: in this game a rate counts the same from however few paths it is."""


def equal_split(presences: Sequence[Presence]) -> Answer:
    """Each conversion, and its revenue, in equal parts to the distinct values of its path.

    :raises Unfit: no path converts.
    """
    totals = totals_of(presences)
    if not totals.conversions:
        raise none_converts(totals)
    conversions: dict[str, float] = defaultdict(float)
    revenue: dict[str, Decimal] = defaultdict(Decimal)
    touches: dict[str, int] = defaultdict(int)
    for one in presences:
        conversions[one.value] += one.conversions / one.among
        revenue[one.value] += one.revenue / one.among
        touches[one.value] += one.touches
    credits = [
        Credit(value, conversions[value], float(revenue[value]), conversions[value], touches[value])
        for value in conversions
    ]
    credits.sort(key=lambda credit: (-credit.conversions, credit.value))
    return Answer(totals, totals.conversions / totals.paths, credits)


def rate_split(sets: Sequence[ValueSet], by: str) -> Answer:
    """Conversions and revenue in proportion to the Shapley values of the conversion rate.

    A value below zero, which goes with fewer conversions, gets nothing and the others are scaled to the whole; its
    ``effect`` keeps the negative figure, and the detail names it.

    :raises Unfit: no path converts, or there are more values than ``MOST_VALUES``.
    """
    touches: dict[str, int] = defaultdict(int)
    for one in sets:
        for value, touched in zip(one.values, one.touches, strict=True):
            touches[value] += touched
    if len(touches) > MOST_VALUES:
        rarest = sorted(touches, key=lambda value: (touches[value], value))[: len(touches) - MOST_VALUES]
        raise Unfit(
            f"{by} has {'at least ' if len(sets) > MOST_SETS else ''}{len(touches)} values and shapley_rate goes "
            f"through all sets of at most {MOST_VALUES}; the rarest are {', '.join(map(repr, rarest[:5]))}. Take "
            "another --by, a shorter period, or --model shapley, which has no limit"
        )
    totals = Totals(
        sum(one.paths for one in sets),
        sum(one.conversions for one in sets),
        float(sum((one.revenue for one in sets), Decimal(0))),
    )
    if not totals.conversions:
        raise none_converts(totals)
    values = sorted(touches)
    masks = [sum(1 << values.index(value) for value in one.values) for one in sets]
    effects = rate_values(masks, [one.paths for one in sets], [one.conversions for one in sets], len(values)).tolist()
    parts = shared_out(values, [max(effect, 0.0) for effect in effects], [touches[value] for value in values], totals)
    raw = dict(zip(values, effects, strict=True))
    credits = [Credit(one.value, one.conversions, one.revenue, raw[one.value], one.touches) for one in parts]
    negative = [value for value in values if raw[value] < 0]
    rare = [value for value in values if sum(one.paths for one in sets if value in one.values) < RARE]
    told = [f"{value!r} goes with fewer conversions and gets none" for value in negative]
    told += [f"{value!r} is in fewer than {RARE} paths: its rates, and so its credit, may be chance" for value in rare]
    return Answer(totals, sum(effects), credits, detail={"warnings": told, "negative": negative})
