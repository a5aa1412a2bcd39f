"""What is asked of a model and what it answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Model = Literal["markov_1", "markov_2", "markov_3", "shapley", "shapley_rate", "predictive"]
Dimension = Literal["channel", "campaign", "placement", "store", "tag", "campaign_placement"]

CODE: Final[Mapping[Model, int]] = {
    "markov_1": 1,
    "markov_2": 1,
    "markov_3": 1,
    "shapley": 1,
    "shapley_rate": 1,
    "predictive": 1,
}
"""Version of each model's arithmetic: raised whenever the same paths would give other figures."""

Say = Callable[[str], None]
"""Takes a line on what is being done."""


class Unfit(Exception):
    """A model cannot answer this question; the message says why, and what to ask instead."""


@dataclass(frozen=True, slots=True)
class Question:
    """Paths that end with since <= time < until (dates or times in UTC as texts), by one dimension of their touches."""

    by: Dimension
    lookback_days: int
    since: str
    until: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Paths, those of them with a conversion, and the revenue of these net of returns."""

    paths: int
    conversions: int
    revenue: float


def none_converts(totals: Totals) -> Unfit:
    """What to raise when there is no conversion to share out."""
    return Unfit(f"none of {totals.paths:,} paths converts: there is nothing to share out")


@dataclass(frozen=True, slots=True)
class Credit:
    """What one value gets; ``effect`` is what its part was made from, in the model's own unit (attribution_credit)."""

    value: str
    conversions: float
    revenue: float
    effect: float
    touches: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The credits sum to the totals, or there are none because the model has no skill.

    :param base_rate: the model's own probability that a path converts.
    :param detail: what else is to be known; can be written as JSON.
    """

    totals: Totals
    base_rate: float
    credits: Sequence[Credit]
    skilled: bool = True
    detail: Mapping[str, Any] = field(default_factory=dict)


def shared_out(
    values: Sequence[str], effects: Sequence[float], touches: Sequence[int], totals: Totals
) -> Sequence[Credit]:
    """Conversions and revenue in proportion to the effects, none of which may be negative; largest first.

    :raises Unfit: no effect is positive.
    """
    whole = sum(effects)
    if whole <= 0:
        raise Unfit("no value has an effect on conversions that could be shared out")
    credits = [
        Credit(value, effect / whole * totals.conversions, effect / whole * totals.revenue, effect, touched)
        for value, effect, touched in zip(values, effects, touches, strict=True)
    ]
    return sorted(credits, key=lambda credit: (-credit.conversions, credit.value))
