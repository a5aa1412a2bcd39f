"""Figures as people read them: rounding never makes a sentence false."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.analysis import formatting
from sinks.analysis.intervals import wilson


@given(st.integers(1, 10**9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_share_is_nothing_or_everything_only_when_it_is(case: tuple[int, int]) -> None:
    part, whole = case
    text = formatting.share(part / whole)
    number = float(text.removesuffix(" %").replace(",", ""))
    assert (number == 0, number == 100) == (part == 0, part == whole)
    assert number == pytest.approx(part / whole * 100, abs=0.0501)


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_share_lies_within_its_interval_as_it_is_printed(case: tuple[int, int]) -> None:
    part, whole = case
    printed = formatting.share_in(part / whole, *wilson(part, whole)).replace("%", "").replace(")", "").replace("(", "")
    middle, low, high = (float(word) for word in printed.replace("to", "").split())
    assert low <= middle <= high


@given(st.floats(0, 1e5))
def test_a_time_span_is_never_shorter_in_words(age: float) -> None:
    number, unit = formatting.hours(age).replace(",", "").split()
    size, step = {"minute": (1 / 60, 1.0), "hour": (1.0, 0.1), "day": (24.0, 0.1), "week": (168.0, 0.1)}[
        unit.rstrip("s")
    ]
    assert age - 1e-4 <= float(number) * size <= max(1 / 60, age + step * size + 1e-4)


@given(st.floats(-1e15, 1e15), st.sampled_from(["EUR", "JPY", "KWD", ""]))
def test_money_names_its_currency_and_nothing_is_not_negative(amount: float, currency: str) -> None:
    number, *code = formatting.money(amount, currency).split()
    assert code == ([currency] if currency else [])
    assert float(number.replace(",", "")) == pytest.approx(amount, abs=0.5001)
    assert number.lstrip("-0.,") or not number.startswith("-")
