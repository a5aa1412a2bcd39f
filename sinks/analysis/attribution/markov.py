"""Attribution by a Markov chain: the conversions that are lost when a value is removed from all paths.

A path is a walk START -> value -> … -> CONVERSION or NULL. A state of order k is the last k values of the walk, fewer
near its start. The removal effect of a value is the share of conversions that is lost when every walk that reaches it
goes to NULL instead. Method: Anderl, Becker, von Wangenheim and Schumann, "Mapping the customer journey: Lessons
learned from graph-based online attribution modeling" (2016). Everything is solved from the chain's equations (Kemeny
and Snell, "Finite Markov Chains", 1960), nothing is simulated.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

START: Final = 0
"""Number of the state before the first value."""
CONVERSION: Final = -1
NULL: Final = -2
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Chain:
    """Counted steps between states: one step per entry of the first three arrays.

    :param source: the state that was left. :param target: the next one, or CONVERSION or NULL.
    :param count: how often it was taken. :param last: for each state the number of the value it ends with; -1 for
    START.
    """

    source: Ints
    target: Ints
    count: Ints
    last: Ints


@dataclass(frozen=True, slots=True)
class RemovalEffects:
    """``base`` is the probability of a conversion, ``effects`` the share that is lost without each value, 0 to 1."""

    base: float
    effects: Floats


def removal_effects(chain: Chain) -> RemovalEffects:
    """Base probability and removal effects. A chain that never converts has effects of 0.

    With N = (I - Q)^-1, row START of N has the expected visits of each state and p = N r the probability to convert
    from there. Let S be the states that end with a value: where a walk first meets S is the vector h with
    h N[S, S] = N[START, S], and h p[S] of the conversions pass the value.

    Time grows with the third, memory with the second power of the number of states, however they are connected. It runs
    on one thread: for the many small systems more threads would only spin and wait.
    """
    with threadpool_limits(1):
        return _solved(chain)


def _solved(chain: Chain) -> RemovalEffects:
    states = len(chain.last)
    left = np.bincount(chain.source, chain.count, states)
    chance = chain.count / left[chain.source]
    inside, converts = chain.target >= 0, chain.target == CONVERSION
    equations = np.eye(states)
    np.subtract.at(equations, (chain.source[inside], chain.target[inside]), chance[inside])
    visits = np.linalg.inv(equations)
    probability = visits @ np.bincount(chain.source[converts], chance[converts], states)
    effects = np.zeros(chain.last.max(initial=-1) + 1)
    base = float(probability[START])
    if base > 0:
        for value in range(len(effects)):
            members = np.flatnonzero(chain.last == value)
            first_met = np.linalg.solve(visits[np.ix_(members, members)].T, visits[START, members])
            effects[value] = first_met @ probability[members] / base
    # An effect is below zero only by rounding.
    return RemovalEffects(base, np.maximum(effects, 0.0))
