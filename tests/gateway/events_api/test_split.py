"""An event that is no JSON changes nothing for the others of its batch: not a digit, not a byte."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.brand.live import BrandView
from gateway.events_api.errors import ValidationError
from gateway.events_api.parse import parse_event, split_batch
from gateway.events_api.split import split_steps
from tests.support.gateway_process import page_view, sale
from tests.support.validation import validated, validation_error

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=12,
)


def split_bytes(body: bytes, max_events: int) -> list[bytes] | None:
    """All steps at once."""
    steps = split_steps(body, max_events)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


EXACT = b'{"amount":123456789012.123456,"code":12345678901234567890.5}'


def deep(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


def batch(*events: bytes) -> bytes:
    return b'{"events":[%s]}' % b",".join(events)


@pytest.mark.parametrize(
    "bad",
    [
        b'{"n":NaN}',
        b"-Infinity",
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        deep(1500),
        deep(20_000),
        b'{"a":01}',
        b'{"a" 1}',
    ],
)
def test_the_mates_of_a_bad_event_keep_every_digit(brand_view: BrandView, bad: bytes) -> None:
    mate = json.dumps(sale(properties="HERE")).encode().replace(b'"HERE"', EXACT)
    for events in ((mate, bad), (bad, mate), (bad, mate, bad)):
        assert split_batch(batch(*events)) == list(events)
    validation_error(bad, brand_view)
    alone, beside = (validated(one, brand_view) for one in (mate, split_batch(batch(bad, mate))[1]))
    assert beside.amount_micros == alone.amount_micros == 123_456_789_012_123_456
    assert beside.properties == alone.properties == '{"code":12345678901234567890.5}'


def test_a_deep_event_is_rejected_by_itself(brand_view: BrandView) -> None:
    event = json.dumps(page_view(properties="HERE")).encode().replace(b'"HERE"', deep(1500))
    first, second = split_batch(batch(event, json.dumps(page_view()).encode()))
    assert validation_error(first, brand_view)[:2] == ("invalid", "properties")
    assert validated(second, brand_view).type == "page_view"


@given(st.lists(JSON, max_size=5))
def test_any_events_are_split_where_json_says(events: list[object]) -> None:
    texts = [json.dumps(event).encode() for event in events]
    assert split_bytes(batch(*texts), 10) == texts == split_batch(batch(*texts))


@pytest.mark.parametrize(
    "body",
    [b'{"events":[NaN}', b'{"events":[NaN]', b'{"events":[NaN,]}', b'{"events":[,NaN]}', b'{"events":[NaN,,1]}',
     b'{"events":[NaN],"x":1}', b'{"events":[{NaN]}]}', b'{"events":["NaN]}', b"NaN"],
)  # fmt: skip
def test_a_body_without_that_shape_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(ValidationError, match="no JSON"):
        split_batch(body)


def test_no_more_events_are_split_than_are_taken() -> None:
    assert len(split_bytes(batch(*[b"NaN"] * 1000), 5) or ()) == 6


@given(st.binary(max_size=60))
def test_any_bytes_are_split_or_refused(noise: bytes) -> None:
    for event in split_bytes(b'{"events":[%s]}' % noise, 100) or ():
        with pytest.raises(ValidationError):
            parse_event(event)
