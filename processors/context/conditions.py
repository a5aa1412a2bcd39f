"""The expressions of a brand's routes, or experiments, evaluated for one scan after another.

An expression falls into the operands of its outermost &&. Those that read the tag's place alone have the same outcome
at each scan of the tag, those that read the store's clock alone at each scan of a minute: they are remembered. All
others are evaluated for this scan and no other, where none of the former is false. An answer's cache key has the
outcomes and never a value of a visitor.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from schemas.brand.model import Experiment, Route
from schemas.expressions.engine import Condition, context_of, expression_of
from schemas.expressions.inputs import BY_NAME, CLOCK, PLACE

Kept = TypeVar("Kept")

KEPT: Final = 10_000
"""Of places, and of minutes."""
_PLACE_ALONE: Final = frozenset((PLACE,))
_CLOCK_ALONE: Final = frozenset((CLOCK,))


class Plan(msgspec.Struct, frozen=True, gc=False):
    """At one place: the outcomes so far, and what of each expression is still to be asked: the numbers of conditions of
    the clock, and conditions to evaluate."""

    faults: tuple[str, ...]
    pending: tuple[tuple[int, tuple[int, ...], tuple[Condition, ...]], ...]
    names: tuple[str, ...]
    tests: tuple[str, ...]


class Conditions:
    """``texts`` are the expressions, ``reads`` the inputs that they read. ``plans`` and ``minutes`` are caches, by the
    values of the place and of the clock."""

    def __init__(self, items: Iterable[Route | Experiment]) -> None:
        self.texts = texts_of(items)
        self._expressions = [expression_of(text) for text in self.texts]
        self.reads = tuple(sorted({name for one in self._expressions for name in one.reads}))
        self._place = tuple(name for name in self.reads if BY_NAME[name].changes_with == PLACE)
        conditions = (condition for one in self._expressions for condition in one.conditions)
        self._of_clock = list(dict.fromkeys(one for one in conditions if one.changes_with == _CLOCK_ALONE))
        self._clock = tuple(sorted({name for one in self._of_clock for name in one.reads}))
        self.plans: dict[tuple[Any, ...], Plan] = {}
        self.minutes: dict[tuple[Any, ...], tuple[str, ...]] = {}

    def faults(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Why each expression does not hold, in the order of ``texts``; empty where it holds. What is false counts
        before what is unknown, as && has it.

        :param values: of the inputs that are known.
        """
        place = tuple(map(values.get, self._place))
        plan = self.plans.get(place) or _remembered(self.plans, place, self._plan(values))
        if not plan.pending:
            return plan.faults
        by_clock = self._by_clock(values)
        context, faults = context_of(values, plan.names, plan.tests), list(plan.faults)
        for index, clocked, conditions in plan.pending:
            so_far, is_false = faults[index], False
            for number in clocked:
                fault = by_clock[number]
                if fault is self._of_clock[number].fails:
                    so_far, is_false = fault, True
                    break
                so_far = so_far or fault
            if not is_false:
                for condition in conditions:
                    fault = condition.fault(context, values)
                    if fault is condition.fails:
                        so_far = fault
                        break
                    so_far = so_far or fault
            faults[index] = so_far
        return tuple(faults)

    def _by_clock(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Why each condition of the clock does not hold."""
        clock = tuple(map(values.get, self._clock))
        found = self.minutes.get(clock)
        if found is None:
            context = context_of(values, self._clock, self._clock)
            outcomes = tuple(condition.fault(context, values) for condition in self._of_clock)
            found = _remembered(self.minutes, clock, outcomes)
        return found

    def _plan(self, values: Mapping[str, Any]) -> Plan:
        context = context_of(values, self._place, self._place)
        faults, pending = list[str](), list[tuple[int, tuple[int, ...], tuple[Condition, ...]]]()
        for index, expression in enumerate(self._expressions):
            so_far, is_false = expression.unreadable, False
            clocked, others = list[int](), list[Condition]()
            for condition in expression.conditions:
                if condition.changes_with == _CLOCK_ALONE:
                    clocked.append(self._of_clock.index(condition))
                elif not condition.changes_with <= _PLACE_ALONE:
                    others.append(condition)
                elif (fault := condition.fault(context, values)) is condition.fails:
                    so_far, is_false = fault, True
                    break
                else:
                    so_far = so_far or fault
            faults.append(so_far)
            if not is_false and (clocked or others):
                pending.append((index, tuple(clocked), tuple(others)))
        left = [condition for _, _, conditions in pending for condition in conditions]
        names, tests = {name for one in left for name in one.names}, {name for one in left for name in one.tests}
        return Plan(tuple(faults), tuple(pending), tuple(sorted(names)), tuple(sorted(tests)))


def _remembered(cache: dict[tuple[Any, ...], Kept], key: tuple[Any, ...], value: Kept) -> Kept:
    if len(cache) >= KEPT:
        cache.clear()
    cache[key] = value
    return value


def texts_of(items: Iterable[Route | Experiment]) -> tuple[str, ...]:
    """The expressions of the items, each once."""
    return tuple(dict.fromkeys(item.expression for item in items if item.expression))
