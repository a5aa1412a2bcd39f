"""The expressions of a brand's routes, or experiments, evaluated for one scan after another.

An expression falls into the operands of its outermost &&. Those that read the tag's place alone have the same outcome
at each scan of the tag and are remembered; only where none of them is false the others are evaluated, for this scan and
no other. An answer's cache key has the outcomes and never a value of a visitor.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from schemas.brand.model import Experiment, Route
from schemas.expressions.engine import Condition, context_of, expression_of
from schemas.expressions.inputs import BY_NAME, PLACE

PLANS_KEPT: Final = 10_000
_PLACE_ALONE: Final = frozenset((PLACE,))


class Plan(msgspec.Struct, frozen=True, gc=False):
    """At one place: the outcomes so far, and what of each expression is still to be evaluated."""

    faults: tuple[str, ...]
    pending: tuple[tuple[int, tuple[Condition, ...]], ...]
    names: tuple[str, ...]
    tests: tuple[str, ...]


class Conditions:
    """``reads`` are the inputs that the expressions read. ``plans`` is a cache, by the values of the place."""

    def __init__(self, items: Iterable[Route | Experiment]) -> None:
        self.texts = texts_of(items)
        self._expressions = [expression_of(text) for text in self.texts]
        self.reads = tuple(sorted({name for one in self._expressions for name in one.reads}))
        self._place = tuple(name for name in self.reads if BY_NAME[name].changes_with == PLACE)
        self.plans: dict[tuple[Any, ...], Plan] = {}

    def faults(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Why each expression does not hold, in the order of ``texts_of``; empty where it holds. What is false counts
        before what is unknown, as && has it.

        :param values: of the inputs that are known.
        """
        place = tuple(map(values.get, self._place))
        plan = self.plans.get(place)
        if plan is None:
            if len(self.plans) >= PLANS_KEPT:
                self.plans.clear()
            plan = self.plans[place] = self._plan(values)
        if not plan.pending:
            return plan.faults
        context, faults = context_of(values, plan.names, plan.tests), list(plan.faults)
        for index, conditions in plan.pending:
            for condition in conditions:
                fault = condition.fault(context, values)
                if fault is condition.fails:
                    faults[index] = fault
                    break
                if fault and not faults[index]:
                    faults[index] = fault
        return tuple(faults)

    def _plan(self, values: Mapping[str, Any]) -> Plan:
        context = context_of(values, self._place, self._place)
        faults, pending = [], []
        for index, expression in enumerate(self._expressions):
            so_far = expression.unreadable
            others = tuple(one for one in expression.conditions if not one.changes_with <= _PLACE_ALONE)
            for condition in expression.conditions:
                if condition in others:
                    continue
                fault = condition.fault(context, values)
                if fault is condition.fails:
                    so_far, others = fault, ()
                    break
                so_far = so_far or fault
            faults.append(so_far)
            if others:
                pending.append((index, others))
        names = {name for _, conditions in pending for one in conditions for name in one.names}
        tests = {name for _, conditions in pending for one in conditions for name in one.tests}
        return Plan(tuple(faults), tuple(pending), tuple(sorted(names)), tuple(sorted(tests)))


def texts_of(items: Iterable[Route | Experiment]) -> tuple[str, ...]:
    """The expressions of the items, each once."""
    return tuple(dict.fromkeys(item.expression for item in items if item.expression))
