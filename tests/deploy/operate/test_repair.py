"""What an operator changes in rejected events: the named fields, and nothing else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.operate.replay.repair import PathError, decode, encode, read_changes, repaired
from schemas.process.errors import OperatorError

NAMES = st.text("abcxyz_", min_size=1, max_size=4)
LEAVES = st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text(max_size=8)
NODES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3))
EVENTS = st.dictionaries(NAMES, NODES, min_size=1, max_size=4)


def paths(node: Any, path: str = "") -> list[tuple[str, Any]]:
    """Every path in an event as an operator writes it, with its value."""
    found: list[tuple[str, Any]] = [(path, node)] if path else []
    if isinstance(node, dict):
        for name, value in node.items():
            found += paths(value, f"{path}.{name}".lstrip("."))
    if isinstance(node, list):
        for number, value in enumerate(node):
            found += paths(value, f"{path}[{number}]")
    return found


@given(EVENTS, st.data())
def test_a_field_that_is_set_has_the_value_and_all_others_are_as_they_were(event: Any, data: st.DataObject) -> None:
    path, _ = data.draw(st.sampled_from(paths(event)))
    after = dict(paths(repaired(event, read_changes([f"{path}=new text"], []))))
    inside = tuple(f"{path}{mark}" for mark in (".", "["))
    before = {known: value for known, value in paths(event) if not path.startswith(known)}
    assert after[path] == "new text"
    assert {known: value for known, value in before.items() if not known.startswith(inside)}.items() <= after.items()
    assert not [known for known in after if known.startswith(inside)]


@given(EVENTS, st.data())
def test_a_dropped_field_is_gone_and_a_second_drop_changes_nothing(event: Any, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([known for known, _ in paths(event) if not known.endswith("]")]))
    change = read_changes([], [path])
    once = repaired(event, change)
    assert path not in dict(paths(once))
    assert repaired(once, change) == once
    assert path in dict(paths(event)), "the event itself is not modified"


def test_text_is_text_and_json_is_json_and_money_stays_exact() -> None:
    event = decode(b'{"properties":{"amount":12.345678901234567890,"lines":[{"sku":"a"}]}}')
    changes = read_changes(["properties.lines[0].sku=7", "properties.lines[0].quantity:=7", "store=x=y"], [])
    assert encode(repaired(event, changes)) == (
        b'{"properties":{"amount":12.345678901234567890,"lines":[{"sku":"7","quantity":7}]},"store":"x=y"}'
    )


@pytest.mark.parametrize("text", ["currency", "=EUR", "a..b=1", "a[x]=1", "[0]=1", "amount:=12,5"])
def test_a_text_that_is_no_change_is_refused_by_its_option(text: str) -> None:
    with pytest.raises(OperatorError, match="--set"):
        read_changes([text], [])


def test_a_path_that_an_event_does_not_have_cannot_be_set() -> None:
    for text in ("identifiers[3].type=email", "type.name=scan"):
        with pytest.raises(PathError):
            repaired({"type": "x", "identifiers": [{}]}, read_changes([text], []))
