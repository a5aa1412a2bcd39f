"""What a client's Accept header says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.accept import media_weight, preferences

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("header", "media_type", "weight"),
    [
        ("", "text/html", 1.0), (BROWSER, "text/html", 1.0), (BROWSER, "application/pdf", 0.8),
        (BROWSER, "TEXT/HTML", 1.0), (BROWSER, "", 1.0), ("text/*;q=0.3, text/html;q=0.7", "text/plain", 0.3),
        ("text/*;q=0.3, text/html;q=0.7", "text/html", 0.7), ("text/html;q=0", "text/html", 0.0),
        ("application/json", "text/html", 0.0), ("text/html ; level=1 ; q=0.4", "text/html", 0.4),
        ("text/html;q=2", "text/html", 1.0),
    ],
)  # fmt: skip
def test_the_most_specific_range_counts(header: str, media_type: str, weight: float) -> None:
    assert media_weight(preferences(header), media_type) == weight


def test_the_heaviest_is_first_and_equals_stay_in_their_order() -> None:
    assert list(preferences("a/a;q=0.5, b/b, c/c;q=0.5, d/d;q=1.0")) == ["b/b", "d/d", "a/a", "c/c"]


@given(st.text(max_size=200))
def test_whatever_a_client_writes_is_read(header: str) -> None:
    assert all(0 <= weight <= 1 for weight in preferences(header).values())
    assert 0 <= media_weight(preferences(header), "text/html") <= 1
