"""Learns on earlier paths, chooses on later ones, and is tested on the latest."""

from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sinks.analysis.attribution.skill import Auc, auc, calibration
from sinks.analysis.attribution.touched import Features

LEARN, CHOOSE = 0.6, 0.8
"""Where, as a share of the paths in the order of their ends, learning ends and where choosing ends."""
FEWEST: Final = 20
"""Conversions and other paths that each part needs."""
SEED: Final = 1

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


class Classifier(Protocol):
    """What scikit-learn calls one."""

    def fit(self, features: Features, converted: Bools) -> Any: ...

    def predict_proba(self, features: Features) -> Floats: ...


class TooFew(Exception):
    """There is not enough of both outcomes in one of the parts; the message says which."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """A classifier that has seen all but the latest paths, and how it did on those.

    :param kind: logistic or boosting. :param tested: paths it was tested on.
    """

    kind: str
    classifier: Classifier
    auc: Auc
    tested: int
    detail: dict[str, Any]

    @property
    def skilled(self) -> bool:
        """Better than chance, and not by chance."""
        return self.auc.low > 0.5

    def probability(self, features: Features) -> Floats:
        """That each path converts."""
        return probability(self.classifier, features)


def learn(features: Features, converted: Bools) -> Learnt:
    """From paths in the order of their ends. Boosting is taken only where its log loss on later paths is lower.

    :raises TooFew: fewer than ``FEWEST`` paths of one outcome in a part.
    """
    learning, choosing = int(len(converted) * LEARN), int(len(converted) * CHOOSE)
    earlier, later, latest = slice(0, learning), slice(learning, choosing), slice(choosing, None)
    for name, part in (("learnt from", earlier), ("chosen by", later), ("tested on", latest)):
        ones, n = int(converted[part].sum()), len(converted[part])
        if min(ones, n - ones) < FEWEST:
            needed = f"at least {FEWEST} that do and {FEWEST} that do not are needed"
            raise TooFew(f"of {n:,} paths to be {name} {ones:,} convert; {needed}")
    losses = {}
    for kind in ("logistic", "boosting"):
        classifier = build(kind)
        classifier.fit(features[earlier], converted[earlier])
        losses[kind] = float(log_loss(converted[later], probability(classifier, features[later])))
    kind = "boosting" if losses["boosting"] < losses["logistic"] else "logistic"
    chosen = build(kind)
    chosen.fit(features[:choosing], converted[:choosing])
    predicted, happened = probability(chosen, features[latest]), converted[latest]
    detail = {"log_loss": losses, "calibration": calibration(happened, predicted)}
    return Learnt(kind, chosen, auc(happened, predicted), len(happened), detail)


def build(kind: str) -> Classifier:
    """One that has learnt nothing yet; the same paths always teach it the same."""
    if kind == "logistic":
        classifier: Classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
        return classifier
    boosting: Classifier = HistGradientBoostingClassifier(
        max_iter=100, max_leaf_nodes=15, min_samples_leaf=50, l2_regularization=1.0, early_stopping=False,
        random_state=SEED,
    )  # fmt: skip
    return boosting


def probability(classifier: Classifier, features: Features) -> Floats:
    """That each path converts."""
    return classifier.predict_proba(features)[:, 1].astype(np.float64)
