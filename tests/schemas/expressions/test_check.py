"""The check of an expression: types, hints, and bounds of size and cost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.expressions.engine import expression_fault, expression_of
from schemas.expressions.inputs import CONTEXT, INPUTS, REWARDS
from tests.support.histories import lawful

ACCEPTED = [
    "place.in_store && behaviour.visits >= 3",
    "store.id in ['mitte', \"bar\"] || !(time.hour < 9)",
    "has(place.kind) ? place.kind == 'near' : time.weekday in ['Sa', 'Su']",
    "behaviour.bought_categories.exists(c, c.startsWith('tea')) // a comment",
    "behaviour.spent > 100 && behaviour.spent * 2.0 < 1e6",
    "capacity.free['fitting'] > 0 && 'till' in capacity.wait_s && size(person.segments) == 0",
    "{'mitte': 3, 'bar': 5}[store.id] <= behaviour.visits % 7 - -1",
    "time.date >= '2026-03-02'\n&& time.date < '2026-04-01'",
    "behaviour.viewed_categories.filter(c, c != 'tea').map(c, c + '!').size() > 1",
    "[1, 2].all(x, [3].exists_one(x, x > 2) && x > 0)",
    "[] == []",
]
REFUSED = [
    ("behaviour.visit > 3", 0, "there is no input behaviour.visit; did you mean 'behaviour.visits'?"),
    ("true && visits > 3", 8, "did you mean behaviour.visits?"),
    ("place == 'home'", 0, "place has fields: place.age_s, place.evidence"),
    ("behaviour.visits == '3'", 0, "an int never equals a string: a number has no quotation marks"),
    ("place.in_store == 'true'", 0, "true and false have no quotation marks"),
    ("behaviour.spent + 1 > 3.0", 0, "both sides of + must have one type, not double and int: write 1.0"),
    ("behaviour.visits = 3", 17, "write == to compare"),
    ("a & b", 2, "write && for and"),
    ("behaviour.visits", 0, "is an int; a condition must be true or false"),
    ("behaviour.visits && true", 0, "&& needs a bool, not an int"),
    ("!behaviour.visits", 1, "! needs a bool"),
    ("'tea' in product.category", 9, "in needs a list or map on its right, not a string"),
    ("3 in person.segments", 0, "an int is never in a list(string)"),
    ("person.segments < ['a']", 0, "< cannot compare"),
    ("store.id == null", 12, "has(name) says whether an input is known"),
    ("tag.id.startWith('a')", 0, "there is no startWith(); did you mean 'startsWith'?"),
    ("tag.id.matches('(a+)+')", 0, "there is no matches()"),
    ("size(tag.id) > 3", 0, "size takes list(any) or map(any, any), not string"),
    ("contains(tag.id, 'a')", 0, "contains is written as value.name(…)"),
    ("has(place)", 4, "has() takes the name of one input"),
    ("has(place.kin)", 4, "there is no input place.kin"),
    ("person.segments.all(s)", 0, "all takes a name and an expression"),
    ("person.segments.all(place, true)", 20, "place is no name for an element"),
    ("capacity.free[3] > 1", 14, "the place in a map(string, int) is a string, not an int"),
    ("event.amount > 3.0", 0, "event.amount is not known here"),
    ("true ? 1 : 'a'", 11, "both results must have one type"),
    ("(true", 5, ") is missing"),
    ("true true", 5, "true is not expected here"),
    ("", 0, "ends too early"),
    ("tag.id == 'a", 10, "closing quotation mark"),
    ("tag.id == '''a'''", 10, "one quotation mark"),
    ("tag.id == r'a'", 10, "no prefix such as r"),
    ("3u == 3", 0, "3u is no number"),
    ("true && for", 8, "a word of the language"),
    ("tag.id == '\\q'", 0, "Failed to parse"),
    ("9223372036854775808 > 1", 0, "Failed to parse"),
    ("__import__('os').system('x') == 0", 0, "there is no __import__()"),
    ("tag.__class__ == 'a'", 0, "there is no input tag.__class__"),
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_an_expression_over_the_inputs_is_accepted(text: str) -> None:
    assert expression_fault(text, CONTEXT) is None
    assert not expression_of(text).unreadable


@pytest.mark.parametrize(("text", "offset", "message"), REFUSED)
def test_a_mistake_has_its_place_and_a_hint(text: str, offset: int, message: str) -> None:
    fault = expression_fault(text, CONTEXT)
    assert fault is not None
    assert message in str(fault)
    assert fault.offset == offset


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(" * 40 + "true" + ")" * 40, "nested too deeply"),
        ("!-" * 500 + "true", "nested too deeply"),
        ("true ? true : " * 40 + "true", "nested too deeply"),
        ("[" * 30 + "]" * 30 + " == []", "nested too deeply"),
        (" + ".join(["1"] * 300) + " > 0", "nested too deeply"),
        (" || ".join(["true"] * 401), "bytes"),
        ("||".join(["1==1"] * 300), "too many parts"),
        ("tag.id == '" + "x" * 2000 + "'", "2000 is the most"),
        (
            "person.segments.all(a, person.segments.all(b, person.segments.all(c, a == b || b == c)))",
            "steps; 15,000 are the most",
        ),
        # Measured with lists of 64 texts: 200 ms.
        ("person.segments.map(a, behaviour.bought_categories.map(b, a + b)).size() > 0", "steps; 15,000 are the most"),
        ("person.segments.map(a, behaviour.bought_categories) == []", "steps; 15,000 are the most"),
    ],
)
def test_size_and_cost_are_bounded(text: str, message: str) -> None:
    fault = expression_fault(text, CONTEXT)
    assert fault is not None and message in str(fault)


def test_rewards_know_the_event_and_not_the_visitor() -> None:
    assert expression_fault("event.amount >= 50.0 && event.currency == 'EUR'", REWARDS) is None
    assert expression_fault("time.weekday == 'Sa' && product.category == 'tea'", REWARDS) is None
    fault = expression_fault("behaviour.visits > 1", REWARDS)
    assert fault is not None and "behaviour.visits is not known here" in str(fault)


@pytest.mark.parametrize("name", [one.name for one in INPUTS])
def test_every_input_can_be_tested_and_is_documented(name: str) -> None:
    [one] = [one for one in INPUTS if one.name == name]
    assert one.meaning and one.unknown
    assert all(expression_fault(f"has({name}) || {name} == {name}", reader) is None for reader in one.read_by)


pieces = st.sampled_from(
    [
        *("tag.id", "behaviour.visits", "person.segments", "capacity.free", "behaviour.spent", "place.in_store", "x"),
        *("1", "2.5", "'a'", "true", "[", "]", "(", ")", "{", "}", ",", ":", "?", "&&", "||", "!", "-", "+", "*", "/"),
        *("%", "==", "<", " in ", ".", "has(", "size(", ".all(x,", ".map(x,", "\n", "//", "'", "\\", "é", "\ud800"),
    ]
)


@lawful
@given(st.lists(pieces, max_size=14).map("".join))
def test_whatever_is_written_the_check_answers_and_what_it_accepts_is_evaluated(text: str) -> None:
    fault = expression_fault(text, CONTEXT)
    if fault is not None:
        assert 0 <= fault.offset <= len(text)
    assert isinstance(expression_of(text).fault({}), str)
