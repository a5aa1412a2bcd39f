"""A Markov model's result: steps of paths become an absorbing chain, removal effects become credits."""

from collections import Counter
from typing import Final

import numpy as np

from sinks.analysis.attribution import markov, path_counts
from sinks.analysis.attribution.path_counts import Steps
from sinks.analysis.attribution.result import NotApplicable, Result, Totals, distribute, no_conversions

MAX_STATES: Final = 5_000
"""At most ten seconds of work and less than a GB: 70 values in a chain of order 2, 16 in one of order 3."""
TOLERANCE: Final = 1e-9

State = tuple[str, ...]
"""The last values, the latest first; START is empty."""


def markov_result(steps: Steps, order: int) -> Result:
    """Credits by removal effects, revenue in the same proportion as conversions.

    :raises NotApplicable: no path converts, or the chain is too large to be solved exactly.
    """
    totals = steps.totals
    if not totals.conversions:
        raise no_conversions(totals)
    chain, values = build_chain(steps, order)
    removal = markov.removal_effects(chain)
    check_base(removal.base, totals)
    touches = Counter[str]()
    for kind, after, count in zip(steps.kind, steps.after, steps.count, strict=True):
        if kind == path_counts.STEP:
            touches[after] += count
    credits = distribute(values, removal.effects.tolist(), [touches[value] for value in values], totals)
    detail = {"order": order, "states": len(chain.last), "revenue": "in proportion to conversions"}
    return Result(totals, removal.base, credits, detail=detail)


def build_chain(steps: Steps, order: int) -> tuple[markov.Chain, list[str]]:
    """The chain, and the values by their number. :raises NotApplicable: more than ``MAX_STATES`` states."""
    states: dict[State, int] = {(): markov.START}
    values: dict[str, int] = {}
    last = [-1]

    def number(state: State) -> int:
        if state not in states:
            states[state] = len(states)
            last.append(values.setdefault(state[0], len(values)))
        return states[state]

    ends = {path_counts.CONVERSION: markov.CONVERSION, path_counts.NULL: markov.NULL}
    source, target = [], []
    for depth, before, kind, after in zip(steps.depth, steps.before, steps.kind, steps.after, strict=True):
        state = tuple(before[:depth])
        source.append(number(state))
        target.append(number((after, *state)[:order]) if kind == path_counts.STEP else ends[kind])
    if len(states) > MAX_STATES:
        raise NotApplicable(
            f"order {order} has {len(states):,} states, more than the {MAX_STATES:,} that can be solved exactly: take "
            "a lower order, another --by or a shorter period"
        )
    count = np.array(steps.count, dtype=np.int64)
    return markov.Chain(np.array(source), np.array(target), count, np.array(last)), list(values)


def check_base(base: float, totals: Totals) -> None:
    """The base probability of a chain counted from paths equals their conversion rate; a difference is a bug."""
    rate = totals.conversions / totals.paths
    if abs(base - rate) > TOLERANCE:
        raise ArithmeticError(f"the chain's base probability is {base}, but {rate} of the paths convert")
