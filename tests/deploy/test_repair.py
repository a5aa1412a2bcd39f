"""What an operator changes in rejected events: only what was said, and exactly that."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.errors import Refused
from deploy.replaying.repair import Misfit, decode, encode, read_changes, repaired

NAMES = st.text("abcxyz_", min_size=1, max_size=4)
LEAVES = st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text(max_size=8)
NODES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3))
EVENTS = st.dictionaries(NAMES, NODES, min_size=1, max_size=4)


def places(node: Any, way: str = "") -> list[tuple[str, Any]]:
    """Every place in an event as an operator writes it, with what is there."""
    found: list[tuple[str, Any]] = [(way, node)] if way else []
    if isinstance(node, dict):
        for name, value in node.items():
            found += places(value, f"{way}.{name}".lstrip("."))
    if isinstance(node, list):
        for number, value in enumerate(node):
            found += places(value, f"{way}[{number}]")
    return found


@given(EVENTS, st.data())
def test_a_field_that_is_set_has_the_value_and_all_others_are_as_they_were(event: Any, data: st.DataObject) -> None:
    path, _ = data.draw(st.sampled_from(places(event)))
    after = dict(places(repaired(event, read_changes([f"{path}=new text"], []))))
    inside = tuple(f"{path}{mark}" for mark in (".", "["))
    before = {place: value for place, value in places(event) if not path.startswith(place)}
    assert after[path] == "new text"
    assert {place: value for place, value in before.items() if not place.startswith(inside)}.items() <= after.items()
    assert not [place for place in after if place.startswith(inside)]


@given(EVENTS, st.data())
def test_what_is_dropped_is_gone_and_a_second_time_changes_nothing_more(event: Any, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([place for place, _ in places(event) if not place.endswith("]")]))
    change = read_changes([], [path])
    once = repaired(event, change)
    assert path not in dict(places(once))
    assert repaired(once, change) == once
    assert path in dict(places(event)), "the event itself is left alone"


def test_text_is_text_and_json_is_json_and_money_stays_exact() -> None:
    event = decode(b'{"properties":{"amount":12.345678901234567890,"lines":[{"sku":"a"}]}}')
    changes = read_changes(["properties.lines[0].sku=7", "properties.lines[0].quantity:=7", "store=x=y"], [])
    assert encode(repaired(event, changes)) == (
        b'{"properties":{"amount":12.345678901234567890,"lines":[{"sku":"7","quantity":7}]},"store":"x=y"}'
    )


@pytest.mark.parametrize("text", ["currency", "=EUR", "a..b=1", "a[x]=1", "[0]=1", "amount:=12,5"])
def test_what_is_no_change_is_refused_by_its_option(text: str) -> None:
    with pytest.raises(Refused, match="--set"):
        read_changes([text], [])


def test_a_place_that_an_event_does_not_have_is_no_place_to_set() -> None:
    for text in ("identifiers[3].type=email", "type.name=scan"):
        with pytest.raises(Misfit):
            repaired({"type": "x", "identifiers": [{}]}, read_changes([text], []))
