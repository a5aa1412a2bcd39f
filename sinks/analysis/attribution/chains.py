"""A Markov model's answer: steps of paths become a chain, removal effects become credits."""

from collections import Counter
from typing import Final

import numpy as np

from sinks.analysis.attribution import markov, reading
from sinks.analysis.attribution.answer import Answer, Totals, Unfit, none_converts, shared_out
from sinks.analysis.attribution.reading import Steps

MOST_STATES: Final = 5_000
"""Ten seconds of work and less than a GB at most: 70 values in a chain of order 2, 16 in one of order 3."""
TOLERANCE: Final = 1e-9

State = tuple[str, ...]
"""The last values, the latest first; empty is START."""


def answer_of(steps: Steps, order: int) -> Answer:
    """Credits by removal effects, revenue in the same proportion as conversions.

    :raises Unfit: no path converts, or the chain is too large to be solved exactly.
    """
    totals = steps.totals
    if not totals.conversions:
        raise none_converts(totals)
    chain, values = chain_of(steps, order)
    removed = markov.removal(chain)
    check_base(removed.base, totals)
    touches = Counter[str]()
    for kind, after, count in zip(steps.kind, steps.after, steps.count, strict=True):
        if kind == reading.STEP:
            touches[after] += count
    credits = shared_out(values, removed.effects.tolist(), [touches[value] for value in values], totals)
    detail = {"order": order, "states": len(chain.last), "revenue": "in the proportion of conversions"}
    return Answer(totals, removed.base, credits, detail=detail)


def chain_of(steps: Steps, order: int) -> tuple[markov.Chain, list[str]]:
    """The chain, and the values that its numbers mean. :raises Unfit: more than ``MOST_STATES`` states."""
    states: dict[State, int] = {(): markov.START}
    values: dict[str, int] = {}
    last = [-1]

    def number(state: State) -> int:
        if state not in states:
            states[state] = len(states)
            last.append(values.setdefault(state[0], len(values)))
        return states[state]

    ends = {reading.CONVERSION: markov.CONVERSION, reading.NULL: markov.NULL}
    source, target = [], []
    for depth, before, kind, after in zip(steps.depth, steps.before, steps.kind, steps.after, strict=True):
        state = tuple(before[:depth])
        source.append(number(state))
        target.append(number((after, *state)[:order]) if kind == reading.STEP else ends[kind])
    if len(states) > MOST_STATES:
        raise Unfit(
            f"order {order} has {len(states):,} states, more than the {MOST_STATES:,} that are solved exactly: take a "
            "lower order, another --by or a shorter period"
        )
    count = np.array(steps.count, dtype=np.int64)
    return markov.Chain(np.array(source), np.array(target), count, np.array(last)), list(values)


def check_base(base: float, totals: Totals) -> None:
    """A chain that was counted from paths converts exactly as often as they do; anything else is a bug."""
    rate = totals.conversions / totals.paths
    if abs(base - rate) > TOLERANCE:
        raise ArithmeticError(f"the chain's base probability is {base}, but {rate} of the paths convert")
