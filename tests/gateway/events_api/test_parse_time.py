"""Times as senders write them: each is read as the moment it means, or refused with the reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.brand.live import BrandView
from gateway.events_api.parse_values import parse_time
from tests.support.gateway_process import page_view
from tests.support.validation import validated, validation_error

HALF_PAST_NINE = 1_320_917_400_000_000
"""2011-11-10T09:30:00Z in microseconds."""
MIDNIGHT_2017 = 1_483_228_800_000_000


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("2011-11-10 09:30:00Z", HALF_PAST_NINE),
        ("2011-11-10t09:30:00z", HALF_PAST_NINE),
        ("2011-11-10T09:30:00-00:00", HALF_PAST_NINE),
        ("2011-11-10T10:30:00+0100", HALF_PAST_NINE),
        ("2011-11-11T09:29:00+23:59", HALF_PAST_NINE),
        ("2011-11-10T09:30:00.5Z", HALF_PAST_NINE + 500_000),
        ("2011-11-10T09:30:00.123456789Z", HALF_PAST_NINE + 123_456),
        ("2011-11-10T09:30:00.0000009Z", HALF_PAST_NINE),
        ("2016-12-31T23:59:59.9999999Z", MIDNIGHT_2017 - 1),
        ("2016-12-31T23:59:60Z", MIDNIGHT_2017 - 1),
        ("2016-12-31T23:59:60.75Z", MIDNIGHT_2017 - 1),
        ("2017-01-01T00:59:60+01:00", MIDNIGHT_2017 - 1),
        ("2016-12-31T18:59:60-05:00", MIDNIGHT_2017 - 1),
    ],
)
def test_a_time_is_the_moment_that_it_means(brand_view: BrandView, text: str, micros: int) -> None:
    assert validated(page_view(occurred_at=text), brand_view).occurred_at == micros


@pytest.mark.parametrize(
    "text",
    [
        "2011-11-10T09:30:00", "2011-11-10", "2011-11-10T24:00:00Z", "2011-11-10T09:30Z", "1320917400", "",
        "2011-11-10 09:30:00 UTC", "2011-02-30T09:30:00Z", "2011-11-10T09:30:00+24:00", "2011-11-10T09:30:60Z",
        "2016-12-31T23:59:61Z", "2011-W45-4T09:30:00Z", "٢٠١١-11-10T09:30:00Z", "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:00 ", "2011-11-10T09:30:00.Z", "2011-11-10T09:60:00Z",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(brand_view: BrandView, text: str) -> None:
    assert validation_error(page_view(occurred_at=text), brand_view)[:2] == ("malformed", "occurred_at")


@given(st.integers(0, 10**9 - 1))
def test_no_fraction_moves_an_event_into_the_next_second(nanos: int) -> None:
    found = parse_time(f"2011-11-10T09:30:00.{nanos:09d}Z", HALF_PAST_NINE)
    assert found == HALF_PAST_NINE + nanos // 1000
