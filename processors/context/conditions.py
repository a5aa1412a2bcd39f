"""The expressions of a brand's routes, or experiments, evaluated for one scan after another.

An expression falls into the operands of its outermost &&. Those that read the tag's place alone have the same outcome
at each scan of the tag: they are remembered by place. All others are looked up by what they read, where none of the
former is false. An answer's cache key has the outcomes and never a value of a visitor.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from schemas.brand.model import Experiment, Route, Survey
from schemas.expressions.engine import Condition, expression_of
from schemas.expressions.inputs import BY_NAME, PLACE

PLACES_KEPT: Final = 10_000
_PLACE_ALONE: Final = frozenset((PLACE,))


class Plan(msgspec.Struct, frozen=True, gc=False):
    """At one place: the outcomes so far, and of each expression that may still hold the conditions that are left."""

    faults: tuple[str, ...]
    pending: tuple[tuple[int, tuple[tuple[str, dict[Any, str], Condition], ...]], ...]


class Conditions:
    """``texts`` are the expressions, ``reads`` the inputs that they read. ``plans`` is a cache by the values of the
    place."""

    def __init__(self, items: Iterable[Route | Experiment | Survey]) -> None:
        self.texts = texts_of(items)
        self._expressions = [expression_of(text) for text in self.texts]
        self.reads = tuple(sorted({name for one in self._expressions for name in one.reads}))
        self._place = tuple(name for name in self.reads if BY_NAME[name].changes_with == PLACE)
        self.plans: dict[tuple[Any, ...], Plan] = {}

    def faults(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Why each expression does not hold, in the order of ``texts``; empty where it holds. What is false counts
        before what is unknown, as && has it.

        :param values: of the inputs that are known.
        """
        place = tuple(map(values.get, self._place))
        plan = self.plans.get(place)
        if plan is None:
            if len(self.plans) >= PLACES_KEPT:
                self.plans.clear()
            plan = self.plans[place] = self._plan(values)
        if not plan.pending:
            return plan.faults
        faults, value_of = list(plan.faults), values.get
        for index, conditions in plan.pending:
            so_far = faults[index]
            for key, outcomes, condition in conditions:
                # Some 30 conditions are asked at each scan: a call for each takes as long as all else here.
                fault = outcomes.get(value_of(key)) if key else None
                if fault is None:
                    fault = condition.fault(values)
                if fault:
                    if fault is condition.fails:
                        so_far = fault
                        break
                    so_far = so_far or fault
            faults[index] = so_far
        return tuple(faults)

    def _plan(self, values: Mapping[str, Any]) -> Plan:
        faults, pending = list[str](), list[tuple[int, tuple[tuple[str, dict[Any, str], Condition], ...]]]()
        for index, expression in enumerate(self._expressions):
            so_far, others = expression.unreadable, list[Condition]()
            for condition in expression.conditions:
                if not condition.changes_with <= _PLACE_ALONE:
                    others.append(condition)
                elif (fault := condition.fault(values)) is condition.fails:
                    so_far, others = fault, []
                    break
                else:
                    so_far = so_far or fault
            faults.append(so_far)
            if others:
                pending.append((index, tuple((one.key, one.outcomes, one) for one in others)))
        return Plan(tuple(faults), tuple(pending))


def texts_of(items: Iterable[Route | Experiment | Survey]) -> tuple[str, ...]:
    """The expressions of the items, each once."""
    return tuple(dict.fromkeys(item.expression for item in items if item.expression))
