"""An evaluation holds, does not hold, or is unknown for a reason; it never raises."""

import itertools
from typing import Any

import cel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.expressions import engine
from schemas.expressions.engine import Condition, expression_fault, expression_of
from schemas.expressions.inputs import CONTEXT, INPUTS
from schemas.expressions.syntax import parse
from tests.support.histories import lawful
from tests.support.random_expressions import random_condition

VALUES: dict[str, Any] = {
    "behaviour.visits": 3,
    "behaviour.spent": 12.5,
    "place.in_store": True,
    "person.segments": ["vip"],
    "capacity.free": {"till": 2},
    "store.id": "mitte",
}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("behaviour.visits >= 3 && place.in_store", ""),
        ("behaviour.visits > 3 && place.in_store", "not true: behaviour.visits > 3"),
        ("place.kind == 'home'", "place.kind is unknown"),
        ("place.kind == 'home' && behaviour.visits > 3", "not true: behaviour.visits > 3"),
        ("place.kind == 'home' || place.in_store", ""),
        ("!(place.kind == 'home' && !place.in_store)", ""),
        ("has(place.kind) && place.kind == 'home'", "not true: has(place.kind)"),
        ("!has(place.kind)", ""),
        ("place.in_store ? true : place.kind == 'home'", ""),
        ("capacity.free['till'] == 2", ""),
        ("capacity.free['fitting'] > 0", "unknown: capacity.free['fitting'] > 0"),
        ("1 / (behaviour.visits - 3) > 0", "unknown: 1 / (behaviour.visits - 3) > 0"),
        ("behaviour.visits + 9223372036854775807 > 0", "unknown: behaviour.visits + 9223372036854775807 > 0"),
        ("person.segments.exists(visits, visits == 'vip')", ""),
        ("'behaviour.visits' == 'x' // behaviour.visits", "not true: 'behaviour.visits' == 'x'"),
        ("behaviour . visits >= 3", ""),
        ("nothing.like == 'that'", "cannot be read: there is no input nothing.like"),
    ],
)
def test_a_condition_holds_or_says_why_not(text: str, reason: str) -> None:
    assert expression_of(text).fault(VALUES).startswith(reason)
    assert bool(expression_of(text).fault(VALUES)) == bool(reason)


def test_a_panic_of_the_engine_is_an_unknown_condition(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        """As pyo3 calls it."""

    class Program:
        def execute(self, context: object) -> bool:
            raise PanicException("index out of bounds")

    text = "behaviour.visits > 1"
    monkeypatch.setattr(engine.cel, "compile", lambda text: Program())
    assert Condition(text, parse(text)).fault(VALUES) == f"unknown: {text}"


@pytest.mark.parametrize(
    "text",
    [
        "behaviour.visits > 3",
        "has(behaviour.visits) || store.id == 'mitte'",
        "behaviour.visits > 3 || store.id == 'mitte'",
        "'tea' in behaviour.viewed_categories",
        "capacity.free['fitting'] > behaviour.visits",
    ],
)
def test_a_remembered_outcome_is_that_of_the_same_values_alone(text: str) -> None:
    condition = Condition(text, parse(text))
    places: list[dict[str, Any]] = [{}, {"store.id": "mitte"}, {"store.id": "nord"}]
    lists: list[dict[str, Any]] = [{}, {"behaviour.viewed_categories": ["tea"], "capacity.free": {"fitting": 4}}]
    for visits in [None, *range(engine.OUTCOMES_KEPT + 5), 3, 4]:
        for place, more in itertools.product(places, lists):
            values = place | more | ({} if visits is None else {"behaviour.visits": visits})
            again = Condition(text, parse(text)) if visits in (None, 3, 4) else condition
            assert condition.fault(values) == again.fault(values) == condition.fault(values)
    assert len(condition.outcomes) <= engine.OUTCOMES_KEPT


def test_the_engine_has_no_way_to_the_host() -> None:
    for text in ("open('/etc/passwd')", "__import__('os')", "getenv('HOME')", "eval('1')", "now()"):
        with pytest.raises(RuntimeError, match="Undefined"):
            cel.evaluate(text)


def test_a_name_within_a_macro_is_the_macros() -> None:
    expression = expression_of("person.segments.all(s, s != 'staff') && store.id == 'mitte'")
    assert expression.reads == ("person.segments", "store.id")
    assert not expression.fault(VALUES)


VALUES_OF = {
    "bool": st.booleans(),
    "int": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(),
    "string": st.text(max_size=5),
    "list(string)": st.lists(st.text(max_size=3), max_size=3),
    "map(string, int)": st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=3),
    "map(string, string)": st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=3),
}
some_values = st.fixed_dictionaries({}, optional={one.name: VALUES_OF[one.type] for one in INPUTS})


@lawful
@given(st.randoms(use_true_random=False), some_values)
def test_what_the_check_accepts_is_evaluated_and_what_is_false_has_a_true_opposite(
    chance: Any, values: dict[str, Any]
) -> None:
    text = random_condition(chance, CONTEXT)
    if refused := expression_fault(text, CONTEXT):
        assert "steps" in str(refused), text
        return
    fault = expression_of(text).fault(values)
    assert isinstance(fault, str)
    assert not fault or not expression_of(f"!(({text}))").fault(values) or "unknown" in fault, text


truths = st.sampled_from([True, False, None])
"""None: unknown."""


def conjunction(values: list[bool | None]) -> bool | None:
    return False if False in values else None if None in values else True


@lawful
@given(st.lists(truths, min_size=1, max_size=4), st.randoms())
def test_operands_of_and_are_false_before_they_are_unknown_in_any_order(known: list[bool | None], random: Any) -> None:
    operands = [{True: "true", False: "false", None: "place.in_store"}[one] for one in known]
    random.shuffle(operands)
    fault = expression_of(" && ".join(operands)).fault({})
    assert fault[:8] == {True: "", False: "not true", None: "place.in"}[conjunction(known)]
    either = expression_of(f"({' && '.join(operands)}) || false").fault({})
    assert fault[:3] == either[:3]
