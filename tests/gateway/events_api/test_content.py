"""The content of an event: the same however it is written, another where it says something else."""

import json
import time
import unicodedata
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.brand.live import BrandView, build_brand_view
from gateway.events_api.draft import Sender
from gateway.events_api.validate import validate
from schemas.brand.load import load
from schemas.kinds import TYPES
from tests.support.gateway_process import BRAND, IDENTIFIER_KEY

VIEW = build_brand_view(load(BRAND), IDENTIFIER_KEY)
TILL = Sender("till", TYPES)
LINES = [
    {"sku": "tea", "quantity": 2, "amount": "25.00", "tax": "1.75"},
    {"sku": "Pfand", "quantity": 1, "amount": "8"},
]


def receipt(**fields: Any) -> dict[str, Any]:
    return {
        "event_id": "r-1",
        "type": "sale",
        "occurred_at": "2026-03-01T10:00:00Z",
        "identifiers": [{"type": "customer", "value": "C-1"}],
        "store": "mitte",
        "properties": {"amount": "33", "currency": "EUR", "lines": LINES, "till": "T1", "note": "caf\u00e9", "n": 5},
        **fields,
    }


def content(event: dict[str, Any] | str, sender: Sender = TILL, view: BrandView = VIEW) -> str:
    raw = event if isinstance(event, str) else json.dumps(event)
    return validate(raw.encode(), sender, view, time.time_ns() // 1000).content


def properties(**changed: Any) -> dict[str, Any]:
    return receipt(properties={**receipt()["properties"], **changed})


SAME: dict[str, dict[str, Any]] = {
    "another order of members": dict(reversed(receipt().items())),
    "other identifiers": receipt(identifiers=[{"type": "device", "value": "d-1"}]),
    "no identifiers": receipt(identifiers=[]),
    "the same time elsewhere": receipt(occurred_at="2026-03-01T11:00:00+01:00"),
    "a time with a fraction of nothing": receipt(occurred_at="2026-03-01t10:00:00.000000z"),
    "two decimals": properties(amount="33.00"),
    "a number": properties(amount=33),
    "the brand's own currency, not named": receipt(
        properties={name: value for name, value in receipt()["properties"].items() if name != "currency"}
    ),
    "lines as numbers": properties(lines=[{"sku": "tea", "quantity": "2.0", "amount": 25.0, "tax": 1.75}, LINES[1]]),
    "a decomposed letter": properties(note="cafe\u0301"),
    "five with a fraction of nothing": properties(n=5.0),
    "blanks around a name": receipt(store=" mitte "),
    "a null for nothing": receipt(campaign=None),
}
OTHER: dict[str, dict[str, Any]] = {
    "another amount": properties(amount="33.01"),
    "nothing paid": properties(amount="0"),
    "another currency": properties(currency="USD"),
    "another second": receipt(occurred_at="2026-03-01T10:00:01Z"),
    "another store": receipt(store="lisbon"),
    "no lines": properties(lines=[]),
    "another quantity": properties(lines=[{**LINES[0], "quantity": 3}, LINES[1]]),
    "another tax": properties(lines=[{**LINES[0], "tax": "0"}, LINES[1]]),
    "lines the other way round": properties(lines=LINES[::-1]),
    "a tip": properties(tip="1"),
    "another property": properties(till="T2"),
    "text for a number": properties(n="5"),
    "an exponent without end": receipt(properties={**receipt()["properties"], "n": 10**30}),
    "a return": receipt(type="return"),
}


@pytest.mark.parametrize("same", SAME)
def test_the_same_written_otherwise_is_the_same(same: str) -> None:
    assert content(SAME[same]) == content(receipt())


@pytest.mark.parametrize("other", OTHER)
def test_what_says_something_else_is_another(other: str) -> None:
    assert content(OTHER[other]) != content(receipt())


def test_a_change_of_the_brand_makes_no_other_event() -> None:
    """A tag that moved to another store; the event is still what its sender stated."""
    tagged = receipt(tag="shelf-1", store=None)
    tags = {**VIEW.brand.tags, "shelf-1": msgspec.structs.replace(VIEW.brand.tags["shelf-1"], store="", zone="tills")}
    moved = build_brand_view(msgspec.structs.replace(VIEW.brand, tags=tags), IDENTIFIER_KEY)
    assert content(tagged) == content(tagged, view=moved)


def test_identifiers_are_the_content_of_an_operators_statement() -> None:
    def linked(*values: str) -> str:
        identifiers = [{"type": "customer", "value": value} for value in values]
        return content(receipt(type="identity_linked", identifiers=identifiers, properties={}))

    assert linked("A", "B") == linked("B", "A") != linked("A", "C")


def test_counts_of_stock_are_compared_by_what_they_count() -> None:
    def stock(quantity: Any) -> str:
        return content(receipt(type="stock_reported", identifiers=[], properties={"sku": "tea", "quantity": quantity}))

    assert stock(5) == stock(5.0) != stock(6)


def test_without_a_key_nobody_can_try_out_a_content() -> None:
    assert content(receipt()) != content(receipt(), view=build_brand_view(VIEW.brand, b"another identifier key"))


def test_events_without_an_id_of_their_sender_and_costs_have_none() -> None:
    cost = {**receipt(type="cost_reported", identifiers=[], campaign="c"), "properties": {"amount": "1"}}
    assert content(receipt(event_id=None)) == content(cost) == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcé"), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def rewritten(node: Any) -> Any:
    """The same value with members the other way round, decomposed texts and other forms of numbers."""
    if isinstance(node, dict):
        return {unicodedata.normalize("NFD", name): rewritten(node[name]) for name in reversed(node)}
    if isinstance(node, list):
        return [rewritten(one) for one in node]
    if isinstance(node, str):
        return unicodedata.normalize("NFD", node)
    return float(node) if type(node) is int else node


@given(st.dictionaries(st.sampled_from(["note", "basket", "café"]), JSON))
def test_however_properties_are_written_they_are_the_same(given_properties: dict[str, Any]) -> None:
    view = receipt(type="page_view", properties=given_properties)
    again = receipt(type="page_view", properties=rewritten(given_properties))
    assert content(json.dumps(view)) == content(json.dumps(again, ensure_ascii=False))


NUMBERS = st.sampled_from(
    ["5", "5.0", "50e-1", "0.5e1", "1e41", "1" + "0" * 41, "-0", "0", "-0.0", "true", "null", '"5"']
)
MEANINGS = {"5.0": "5", "50e-1": "5", "0.5e1": "5", "1" + "0" * 41: "1e41", "-0": "0", "-0.0": "0"}
"""Numbers as they may be written, by one of the ways."""


@given(st.lists(NUMBERS, min_size=1, max_size=4), st.lists(NUMBERS, min_size=1, max_size=4))
def test_two_receipts_have_one_content_if_all_their_numbers_are_the_same(first: list[str], second: list[str]) -> None:
    def written(numbers: list[str]) -> str:
        return json.dumps(properties(mine=["HERE"])).replace('"HERE"', ",".join(numbers))

    def meaning(numbers: list[str]) -> list[str]:
        return [MEANINGS.get(number, number) for number in numbers]

    assert (content(written(first)) == content(written(second))) == (meaning(first) == meaning(second))
