"""Values that tills write most are read by a short way, which says the same as the long one."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.brand.live import BrandView
from gateway.events_api.errors import ValidationError
from gateway.events_api.parse_values import parse_amount, parse_id
from gateway.events_api.steps.envelope import MAX_DEPTH
from tests.support.gateway_process import page_view
from tests.support.validation import validation_error

LEVELS = ('{"a":%s}', "[%s]", '{"a":1,"b":%s}', "[[],%s,{}]")


def amount_or_error(value: Any, signed: bool) -> int | str:
    try:
        return parse_amount(value, "amount", signed)
    except ValidationError as error:
        return str(error)


@given(value=st.integers(-(10**14), 10**14) | st.integers(), signed=st.booleans())
@example(value=10**12 - 1, signed=False)
@example(value=10**12, signed=False)
@example(value=-(10**12), signed=True)
@example(value=-1, signed=False)
def test_an_amount_as_a_number_is_that_of_its_digits(value: int, signed: bool) -> None:
    assert amount_or_error(value, signed) == amount_or_error(str(value), signed)


@pytest.mark.parametrize("value", [True, False, None, 1.5, [], float("nan")])
def test_what_is_no_decimal_is_no_amount(value: object) -> None:
    assert amount_or_error(value, True) == 'amount: must be a decimal string such as "12.50"'


@given(value=st.uuids())
def test_a_uuid_has_its_canonical_form(value: Any) -> None:
    assert parse_id(str(value), "event_id") == parse_id(str(value).upper(), "event_id") == str(value)
    assert parse_id(value.hex, "event_id") == str(value)


@given(levels=st.lists(st.sampled_from(LEVELS), min_size=MAX_DEPTH - 2, max_size=MAX_DEPTH + 2))
def test_properties_may_be_so_deep_and_no_deeper(levels: list[str], brand_view: BrandView) -> None:
    text = "1"
    for level in levels:
        text = level % text
    properties = json.loads(f'{{"x":{text}}}')
    # The innermost level has empty objects and lists beside the number, which are levels, too.
    depth = 1 + len(levels) + levels[0].startswith("[[]")
    event = page_view(properties=properties, campaign="a\u0001")
    assert validation_error(event, brand_view)[1] == ("properties" if depth > MAX_DEPTH else "campaign")
