"""Quality of predictions on data that the classifier was not trained on."""

from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit
from scipy.stats import norm, rankdata

BINS: Final = 10
CLIP: Final = 1e-6
"""Predictions are clipped to this distance from 0 and 1 before their odds are computed."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Auc:
    """Probability that a path that converts is ranked above one that does not, with its 95 % interval."""

    value: float
    low: float
    high: float


def auc(converted: Bools, predicted: Floats) -> Auc:
    """Needs both outcomes. Interval: DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or more
    correlated receiver operating characteristic curves: a nonparametric approach" (1988), by midranks as in Sun and Xu,
    "Fast implementation of DeLong's algorithm" (2014)."""
    ones, zeros = predicted[converted], predicted[~converted]
    together = rankdata(predicted)
    above = (together[converted] - rankdata(ones)) / len(zeros)
    below = 1 - (together[~converted] - rankdata(zeros)) / len(ones)
    variance = sum(np.var(part, ddof=1) / len(part) for part in (above, below) if len(part) > 1)
    value, reach = float(above.mean()), float(norm.ppf(0.975)) * sqrt(variance)
    return Auc(value, max(value - reach, 0.0), min(value + reach, 1.0))


def calibration(converted: Bools, predicted: Floats) -> dict[str, Any]:
    """How well predicted probabilities match observed rates.

    brier: mean squared error; brier_of_rate: the same for a constant prediction of the rate. slope and intercept of the
    outcome's log odds over the predicted ones (Cox, "Two further applications of a model for binary regression", 1958):
    1 and 0 are best, a slope below 1 means overconfident. bins: up to ten of the same size with n, predicted and
    observed.
    """
    from sklearn.linear_model import LogisticRegression

    odds = logit(np.clip(predicted, CLIP, 1 - CLIP)).reshape(-1, 1)
    line = LogisticRegression(C=np.inf).fit(odds, converted)
    bins = [part for part in np.array_split(np.argsort(predicted, kind="stable"), BINS) if len(part)]
    return {
        "brier": float(np.mean((predicted - converted) ** 2)),
        "brier_of_rate": float(np.var(converted)),
        "slope": float(line.coef_[0, 0]),
        "intercept": float(line.intercept_[0]),
        "bins": [
            {"n": len(part), "predicted": float(predicted[part].mean()), "observed": float(converted[part].mean())}
            for part in bins
        ],
    }
