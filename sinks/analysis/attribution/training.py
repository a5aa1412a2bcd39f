"""Trains classifiers on earlier paths, selects one on later paths, and tests it on the latest."""

from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sinks.analysis.attribution.path_features import Features
from sinks.analysis.attribution.skill import Auc, auc, calibration

TRAIN_UNTIL, SELECT_UNTIL = 0.6, 0.8
"""Ends of the training and the selection part, as a share of the paths in the order of their ends."""
MIN_OUTCOMES: Final = 20
"""Number of conversions, and of other paths, that each part needs."""
SEED: Final = 1

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


class Classifier(Protocol):
    """The part of scikit-learn's classifier interface that is used."""

    def fit(self, features: Features, converted: Bools) -> Any: ...

    def predict_proba(self, features: Features) -> Floats: ...


class TooFewPaths(Exception):
    """One of the parts has too few paths of an outcome; the message names it."""


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A classifier trained on all but the latest paths, and its quality on those.

    :param kind: logistic or boosting. :param tested: number of test paths.
    """

    kind: str
    classifier: Classifier
    auc: Auc
    tested: int
    detail: dict[str, Any]

    @property
    def skilled(self) -> bool:
        """Whether it is significantly better than chance."""
        return self.auc.low > 0.5

    def probability(self, features: Features) -> Floats:
        """Probability that each path converts."""
        return probability(self.classifier, features)


def train(features: Features, converted: Bools) -> TrainedModel:
    """Trains on paths in the order of their ends. Boosting is selected only if its log loss on later paths is lower.

    :raises TooFewPaths: fewer than ``MIN_OUTCOMES`` paths of one outcome in a part.
    """
    train_end, select_end = int(len(converted) * TRAIN_UNTIL), int(len(converted) * SELECT_UNTIL)
    training, selection, test = slice(0, train_end), slice(train_end, select_end), slice(select_end, None)
    for name, part in (("training", training), ("selection", selection), ("test", test)):
        ones, n = int(converted[part].sum()), len(converted[part])
        if min(ones, n - ones) < MIN_OUTCOMES:
            needed = f"at least {MIN_OUTCOMES} that do and {MIN_OUTCOMES} that do not are needed"
            raise TooFewPaths(f"of {n:,} {name} paths {ones:,} convert; {needed}")
    losses = {}
    for kind in ("logistic", "boosting"):
        classifier = build_classifier(kind)
        classifier.fit(features[training], converted[training])
        losses[kind] = float(log_loss(converted[selection], probability(classifier, features[selection])))
    kind = "boosting" if losses["boosting"] < losses["logistic"] else "logistic"
    selected = build_classifier(kind)
    selected.fit(features[:select_end], converted[:select_end])
    predicted, actual = probability(selected, features[test]), converted[test]
    detail = {"log_loss": losses, "calibration": calibration(actual, predicted)}
    return TrainedModel(kind, selected, auc(actual, predicted), len(actual), detail)


def build_classifier(kind: str) -> Classifier:
    """An untrained classifier; training is deterministic: the same paths give the same model."""
    if kind == "logistic":
        classifier: Classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
        return classifier
    boosting: Classifier = HistGradientBoostingClassifier(
        max_iter=100, max_leaf_nodes=15, min_samples_leaf=50, l2_regularization=1.0, early_stopping=False,
        random_state=SEED,
    )  # fmt: skip
    return boosting


def probability(classifier: Classifier, features: Features) -> Floats:
    """Probability that each path converts."""
    return classifier.predict_proba(features)[:, 1].astype(np.float64)
