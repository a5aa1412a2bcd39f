"""The predictive model's result: a classifier of paths, and credits from its removal effects on each path.

Its features are those of a path before the outcome is known. A sale's own channel is known only with the sale, so it is
no touch here; a sale without any touch before it is credited to its own channel, or to direct, without a prediction.
Method of the credits: Shao and Li, "Data-driven multi-touch attribution models" (2011), distributed per conversion.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from threadpoolctl import threadpool_limits

from sinks.analysis.attribution.path_counts import Presence, totals_of
from sinks.analysis.attribution.path_effects import path_effects, shares
from sinks.analysis.attribution.path_features import Features, PathTouches, features
from sinks.analysis.attribution.result import Credit, Result, Totals, no_conversions
from sinks.analysis.attribution.sample import MAX_PATH_TOUCHES, Sample
from sinks.analysis.attribution.training import TooFewPaths, TrainedModel, train

MAX_COLUMNS: Final = 30
"""Values with features of their own; all rarer ones share one column, yet each has its own removal effect."""


def touches_by_value(presences: Sequence[Presence]) -> Counter[str]:
    """Number of touches of each value."""
    touches = Counter[str]()
    for one in presences:
        touches[one.value] += one.touches
    return touches


def most_touched(touches: Counter[str]) -> list[str]:
    """The values, the most touched first."""
    return sorted(touches, key=lambda value: (-touches[value], value))


def predictive_result(presences: Sequence[Presence], sample: Sample) -> Result:
    """Credits, or none when the classifier is not better than chance on the latest paths.

    Everything runs on one thread: sums are reproducible, and spinning threads would cost five times the CPU on a shared
    machine.

    :param presences: of all paths. :param sample: paths whose values are numbered as ``most_touched``.
    :raises NotApplicable: no path converts.
    """
    totals, touches = totals_of(presences), touches_by_value(presences)
    if not (totals.conversions and sample.converted.any()):
        raise no_conversions(totals)
    columns = min(len(sample.values), MAX_COLUMNS + 1)
    column = np.minimum(np.arange(len(sample.values)), columns - 1)

    def encode(touches: PathTouches) -> Features:
        return features(touches, column, columns)

    predicted = np.flatnonzero(~sample.touchless)
    paths, converted = sample.touches.of(predicted), sample.converted[predicted]
    detail: dict[str, Any] = {"sample": sample.share, "warnings": _warnings(sample, columns)}
    with threadpool_limits(1):
        try:
            trained = train(encode(paths), converted)
        except TooFewPaths as few:
            return Result(totals, 0.0, [], skilled=False, detail=detail | {"reason": str(few)})
        detail |= _quality(trained)
        base_rate = float(trained.probability(encode(paths)).mean())
        if not trained.skilled:
            return Result(totals, base_rate, [], skilled=False, detail=detail | {"reason": _no_skill(trained)})
        credits = _credits(sample, trained, encode, totals, touches)
    return Result(totals, base_rate, credits, detail=detail)


def _credits(sample: Sample, trained: TrainedModel, encode: Any, totals: Totals, touches: Counter[str]) -> list[Credit]:
    """Credits of the sample, scaled to all conversions, all revenue and all paths."""
    effects = path_effects(sample.touches, len(sample.values), lambda paths: trained.probability(encode(paths)))
    # A touchless path was not predicted: without its only step there would be no such sale.
    drop = np.where(sample.touchless[effects.path], 1.0, effects.drop)
    part = shares(effects) * sample.converted[effects.path]
    size = len(sample.values)
    conversions = np.bincount(effects.value, part, size)
    revenue = np.bincount(effects.value, part * sample.revenue[effects.path], size)
    effect = np.bincount(effects.value, drop, size) * totals.paths / len(sample.converted)
    earned = revenue if revenue.sum() > 0 else conversions
    conversions *= totals.conversions / conversions.sum()
    earned = earned * (totals.revenue / earned.sum())
    credits = [
        Credit(value, float(conversions[n]), float(earned[n]), float(effect[n]), touches[value])
        for n, value in enumerate(sample.values)
    ]
    return sorted(credits, key=lambda credit: (-credit.conversions, credit.value))


def _quality(trained: TrainedModel) -> dict[str, Any]:
    area = asdict(trained.auc)
    return {
        "classifier": trained.kind,
        "auc": area["value"],
        "auc_low": area["low"],
        "auc_high": area["high"],
        "tested_paths": trained.tested,
        **trained.detail,
    }


def _no_skill(trained: TrainedModel) -> str:
    area = trained.auc
    return (
        f"on {trained.tested:,} later paths its AUC is {area.value:.3f} ({area.low:.3f} to {area.high:.3f} with 95 % "
        "confidence), which is no better than chance, 0.5: it has no credits"
    )


def _warnings(sample: Sample, columns: int) -> list[str]:
    warnings = []
    if sample.share < 1:
        warnings.append(
            f"trained on and credited from {sample.share:.2%} of the people, selected by a hash of their id, "
            "and scaled up"
        )
    if columns < len(sample.values):
        warnings.append(f"the {len(sample.values) - columns + 1} least touched values share one feature")
    if (np.diff(sample.touches.begins) == MAX_PATH_TOUCHES).any():
        warnings.append(f"of paths with more than {MAX_PATH_TOUCHES} touches only the last {MAX_PATH_TOUCHES} are used")
    if touchless := int(sample.touchless.sum()):
        warnings.append(
            f"{touchless:,} sales without a touch before them are credited to their own step and not predicted"
        )
    return warnings
