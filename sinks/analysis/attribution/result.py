"""The question that a model run answers, and its result."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Model = Literal["markov_1", "markov_2", "markov_3", "shapley", "shapley_rate", "predictive"]
Dimension = Literal["channel", "campaign", "placement", "store", "tag", "campaign_placement"]

VERSIONS: Final[Mapping[Model, int]] = {
    "markov_1": 1,
    "markov_2": 1,
    "markov_3": 1,
    "shapley": 1,
    "shapley_rate": 2,
    "predictive": 1,
}
"""Version of each model's computation: raised whenever the same paths would give other figures."""

Progress = Callable[[str], None]
"""Receives a line of text on the current step."""


class NotApplicable(Exception):
    """A model cannot answer this question; the message gives the reason and an alternative."""


@dataclass(frozen=True, slots=True)
class Question:
    """Paths that end with since <= time < until (dates or times in UTC as text), by one dimension of their touches."""

    by: Dimension
    lookback_days: int
    since: str
    until: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Number of paths, of paths with a conversion, and the revenue of the latter net of returns."""

    paths: int
    conversions: int
    revenue: float


def no_conversions(totals: Totals) -> NotApplicable:
    """The error for paths without any conversion."""
    return NotApplicable(f"none of {totals.paths:,} paths converts: there is nothing to distribute")


@dataclass(frozen=True, slots=True)
class Credit:
    """The share of one value; ``effect`` is what it was computed from, in the model's own unit (attribution_credit)."""

    value: str
    conversions: float
    revenue: float
    effect: float
    touches: int


@dataclass(frozen=True, slots=True)
class Result:
    """The credits sum to the totals, or there are none because the model has no skill.

    :param base_rate: the model's own probability that a path converts.
    :param detail: further results that can be written as JSON.
    """

    totals: Totals
    base_rate: float
    credits: Sequence[Credit]
    skilled: bool = True
    detail: Mapping[str, Any] = field(default_factory=dict)


def distribute(
    values: Sequence[str], effects: Sequence[float], touches: Sequence[int], totals: Totals
) -> Sequence[Credit]:
    """Conversions and revenue in proportion to the effects, none of which may be negative; largest first.

    :raises NotApplicable: no effect is positive.
    """
    total = sum(effects)
    if total <= 0:
        raise NotApplicable("no value has an effect on conversions that could be distributed")
    credits = [
        Credit(value, effect / total * totals.conversions, effect / total * totals.revenue, effect, touched)
        for value, effect, touched in zip(values, effects, touches, strict=True)
    ]
    return sorted(credits, key=lambda credit: (-credit.conversions, credit.value))
