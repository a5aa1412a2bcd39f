"""The predictive model's answer: a classifier of paths, and credits from its own counterfactuals.

It learns from what a path looks like before its outcome is known. A sale's own channel is known with the sale alone, so
it is no touch here; a sale without any touch before it is credited to its own channel, or to direct, as it stands.
Method of the credits: Shao and Li, "Data-driven multi-touch attribution models" (2011), of what is then shared per
conversion.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from threadpoolctl import threadpool_limits

from sinks.analysis.attribution.answer import Answer, Credit, Totals, none_converts
from sinks.analysis.attribution.counterfactual import drops, shares
from sinks.analysis.attribution.learning import Learnt, TooFew, learn
from sinks.analysis.attribution.reading import Presence, totals_of
from sinks.analysis.attribution.sample import LONGEST, Sample
from sinks.analysis.attribution.touched import Features, Touched, features

MOST_COLUMNS: Final = 30
"""Values that are features of their own; all rarer ones are one together, yet each has its own counterfactual."""


def by_touches(presences: Sequence[Presence]) -> Counter[str]:
    """Touches of each value."""
    touches = Counter[str]()
    for one in presences:
        touches[one.value] += one.touches
    return touches


def most_touched(touches: Counter[str]) -> list[str]:
    """The values, the most touched first."""
    return sorted(touches, key=lambda value: (-touches[value], value))


def answer_of(presences: Sequence[Presence], sample: Sample) -> Answer:
    """Credits, or none when the classifier does not beat chance on the latest paths.

    It all runs on one thread: sums come out the same every time, and threads that spin while they wait for each other
    take five times the work where others work too.

    :param presences: of all paths. :param sample: paths whose values are numbered as ``most_touched``.
    :raises Unfit: no path converts.
    """
    totals, touches = totals_of(presences), by_touches(presences)
    if not (totals.conversions and sample.converted.any()):
        raise none_converts(totals)
    columns = min(len(sample.values), MOST_COLUMNS + 1)
    column = np.minimum(np.arange(len(sample.values)), columns - 1)

    def seen(touched: Touched) -> Features:
        return features(touched, column, columns)

    known = np.flatnonzero(~sample.sudden)
    touched, converted = sample.touched.of(known), sample.converted[known]
    detail: dict[str, Any] = {"sample": sample.share, "warnings": _warnings(sample, columns)}
    with threadpool_limits(1):
        try:
            learnt = learn(seen(touched), converted)
        except TooFew as few:
            return Answer(totals, 0.0, [], skilled=False, detail=detail | {"reason": str(few)})
        detail |= _told(learnt)
        base_rate = float(learnt.probability(seen(touched)).mean())
        if not learnt.skilled:
            return Answer(totals, base_rate, [], skilled=False, detail=detail | {"reason": _no_skill(learnt)})
        credits = _credits(sample, learnt, seen, totals, touches)
    return Answer(totals, base_rate, credits, detail=detail)


def _credits(sample: Sample, learnt: Learnt, seen: Any, totals: Totals, touches: Counter[str]) -> list[Credit]:
    """Of the sample, scaled to all conversions, all revenue and all paths."""
    found = drops(sample.touched, len(sample.values), lambda touched: learnt.probability(seen(touched)))
    # What has no touch before its sale was not predicted: without its only step there would be no such sale.
    drop = np.where(sample.sudden[found.path], 1.0, found.drop)
    part = shares(found) * sample.converted[found.path]
    size = len(sample.values)
    conversions = np.bincount(found.value, part, size)
    revenue = np.bincount(found.value, part * sample.revenue[found.path], size)
    effect = np.bincount(found.value, drop, size) * totals.paths / len(sample.converted)
    earned = revenue if revenue.sum() > 0 else conversions
    conversions *= totals.conversions / conversions.sum()
    earned = earned * (totals.revenue / earned.sum())
    credits = [
        Credit(value, float(conversions[n]), float(earned[n]), float(effect[n]), touches[value])
        for n, value in enumerate(sample.values)
    ]
    return sorted(credits, key=lambda credit: (-credit.conversions, credit.value))


def _told(learnt: Learnt) -> dict[str, Any]:
    area = asdict(learnt.auc)
    return {
        "classifier": learnt.kind,
        "auc": area["value"],
        "auc_low": area["low"],
        "auc_high": area["high"],
        "tested_paths": learnt.tested,
        **learnt.detail,
    }


def _no_skill(learnt: Learnt) -> str:
    area = learnt.auc
    return (
        f"on {learnt.tested:,} later paths its AUC is {area.value:.3f} ({area.low:.3f} to {area.high:.3f} with 95 % "
        "confidence), which is no better than chance, 0.5: it claims no credits"
    )


def _warnings(sample: Sample, columns: int) -> list[str]:
    told = []
    if sample.share < 1:
        told.append(
            f"learnt and credited from {sample.share:.2%} of the people, chosen by a hash of their id, and scaled up"
        )
    if columns < len(sample.values):
        told.append(f"the {len(sample.values) - columns + 1} least touched values look alike to the classifier")
    if (np.diff(sample.touched.begins) == LONGEST).any():
        told.append(f"of paths with more than {LONGEST} touches the last {LONGEST} are seen")
    if sudden := int(sample.sudden.sum()):
        told.append(f"{sudden:,} sales without a touch before them are credited to their own step and not predicted")
    return told
