"""The Shapley models' results."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from sinks.analysis.attribution.path_counts import Presence, ValueSet, totals_of
from sinks.analysis.attribution.result import Credit, NotApplicable, Result, Totals, distribute, no_conversions
from sinks.analysis.attribution.shapley import MAX_VALUES, rate_values

MAX_SETS: Final = 1 << MAX_VALUES
RARE_BELOW: Final = 100
"""A value with fewer paths gets a warning: in this game a rate counts the same, from however few paths it comes."""


def equal_split(presences: Sequence[Presence]) -> Result:
    """Each conversion, and its revenue, in equal parts to the distinct values of its path.

    :raises NotApplicable: no path converts.
    """
    totals = totals_of(presences)
    if not totals.conversions:
        raise no_conversions(totals)
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
    return Result(totals, totals.conversions / totals.paths, credits)


def rate_split(sets: Sequence[ValueSet], by: str) -> Result:
    """Conversions and revenue in proportion to the Shapley values of the conversion rate.

    A value with a negative Shapley value, which goes with fewer conversions, gets nothing and the others are scaled to
    the whole; its ``effect`` keeps the negative figure, and the detail names it. Sales without any touch do not take
    part in the game, where their placeholder would be a value that always converts: the placeholder gets exactly them.

    :raises NotApplicable: no path converts, or there are more values than ``MAX_VALUES``.
    """
    totals = _totals(sets)
    if not totals.conversions:
        raise no_conversions(totals)
    players = [one for one in sets if not one.untouched]
    touches: dict[str, int] = defaultdict(int)
    for one in players:
        for value, touched in zip(one.values, one.touches, strict=True):
            touches[value] += touched
    if len(touches) > MAX_VALUES:
        rarest = sorted(touches, key=lambda value: (touches[value], value))[: len(touches) - MAX_VALUES]
        raise NotApplicable(
            f"{by} has {'at least ' if len(sets) > MAX_SETS else ''}{len(touches)} values and shapley_rate goes "
            f"through all sets of at most {MAX_VALUES}; the rarest are {', '.join(map(repr, rarest[:5]))}. Take "
            "another --by, a shorter period, or --model shapley, which has no limit"
        )
    credits, negative, rare = _play(players, touches)
    warnings = [f"{value!r} goes with fewer conversions and gets none" for value in negative]
    chance = f"is in fewer than {RARE_BELOW} paths: its rates, and so its credit, may be chance"
    warnings += [f"{value!r} {chance}" for value in rare]
    for one in sets:
        if one.untouched:
            (value,) = one.values
            played = credits.get(value, Credit(value, 0, 0, 0, 0))
            credits[value] = replace(
                played,
                conversions=played.conversions + one.conversions,
                revenue=played.revenue + float(one.revenue),
                touches=played.touches + sum(one.touches),
            )
    return Result(
        totals,
        totals.conversions / totals.paths,
        sorted(credits.values(), key=lambda credit: (-credit.conversions, credit.value)),
        detail={"warnings": warnings, "negative": negative},
    )


def _play(players: Sequence[ValueSet], touches: Mapping[str, int]) -> tuple[dict[str, Credit], list[str], list[str]]:
    """The credits by value, the values with a negative effect, and the rare ones. Nothing to distribute is no error:
    then only sales without touches convert."""
    values = sorted(touches)
    masks = [sum(1 << values.index(value) for value in one.values) for one in players]
    paths, conversions = [one.paths for one in players], [one.conversions for one in players]
    effects = rate_values(masks, paths, conversions, len(values)).tolist()
    raw = dict(zip(values, effects, strict=True))
    totals = _totals(players)
    if totals.conversions:
        positive = [max(effect, 0.0) for effect in effects]
        parts = distribute(values, positive, [touches[value] for value in values], totals)
    else:
        parts = [Credit(value, 0.0, 0.0, raw[value], touches[value]) for value in values]
    credits = {one.value: replace(one, effect=raw[one.value]) for one in parts}
    negative = [value for value in values if raw[value] < 0]
    rare = [value for value in values if sum(one.paths for one in players if value in one.values) < RARE_BELOW]
    return credits, negative, rare


def _totals(sets: Sequence[ValueSet]) -> Totals:
    return Totals(
        sum(one.paths for one in sets),
        sum(one.conversions for one in sets),
        float(sum((one.revenue for one in sets), Decimal(0))),
    )
