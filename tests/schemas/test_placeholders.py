"""What a till, a form or a broken app sends instead of an identifier joins nobody, however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identifiers.placeholder_words import TYPED, WORDS
from schemas.identifiers.placeholders import WRAPPING, is_placeholder
from schemas.identifiers.pseudonyms import Pseudonyms
from schemas.identifiers.types import BLOCKED, TYPES, is_blocked, strongest

GERMAN = Pseudonyms(bytes(range(32)), "DE")
WRITTEN_OTHERWISE = st.sampled_from([str.lower, str.upper, str.title, str.swapcase])
NAMES = st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=12)


@given(
    word=st.sampled_from(sorted(WORDS | TYPED)), case=WRITTEN_OTHERWISE, around=st.text(WRAPPING.strip(), max_size=3)
)
def test_a_placeholder_is_one_in_any_case_and_behind_any_quotes(word: str, case: object, around: str) -> None:
    assert callable(case)
    assert is_placeholder("customer", f" {around}{case(word)}{around[::-1]}\t")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("customer", "null"),
        ("customer", "'null'"),
        ("customer", "\"'NULL'\""),
        ("customer", " [undefined] "),
        ("customer", '""'),
        ("customer", "{}"),
        ("customer", "[object Object]"),
        ("customer", "[Object object]"),
        ("customer", "\uff4e\uff55\uff4c\uff4c"),
        ("customer", "-1"),
        ("customer", "0"),
        ("customer", "0000-0000"),
        ("customer", "-----"),
        ("customer", "999999"),
        ("customer", "N/A"),
        ("loyalty", "True"),
        ("device", "00000000-0000-0000-0000-000000000000"),
        ("device", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
        ("payment", "1111 1111 1111 1111"),
        ("badge", "Guest"),
        ("customer", "keine"),
        ("customer", "Laufkunde"),
        ("customer", "???"),
        ("loyalty", "xxx"),
        ("payment", "1234 5678 90"),
        ("email", "null"),
        ("email", "ask later"),
        ("email", "Keine E-Mail"),
        ("email", "keine@shop.example"),
        ("email", "ask.later@shop.example"),
        ("email", "xxx@shop.example"),
        ("phone", "Ask later"),
        ("phone", "keine Angabe"),
        ("phone", "0123456789"),
        ("phone", "+49 123456789"),
        ("email", "Test@shop.example"),
        ("email", "test+7@shop.example"),
        ("email", "test123@shop.example"),
        ("email", '"noreply@shop.example"'),
        ("email", "no-reply@shop.example"),
        ("email", "Do_Not_Reply@shop.example"),
        ("email", "null@shop.example"),
        ("email", "nomail@shop.example"),
        ("email", "a@a.a"),
        ("email", "x@x.example"),
        ("phone", "0000000000"),
        ("phone", "+49 111 111 1111"),
        ("phone", "+49 0000"),
        ("phone", "1111111111"),
        ("phone", "unknown"),
        ("phone", "999-999-9999"),
        ("mac", "00:00:00:00:00:00"),
        ("mac", "FF-FF-FF-FF-FF-FF"),
        ("mac", "02:00:00:00:00:00"),
        ("mac", "0200.0000.0000"),
    ],
)
def test_what_stands_for_nothing_becomes_a_blocked_identifier(kind: str, value: str) -> None:
    assert GERMAN.identifier(kind, value) == f"{kind}:{BLOCKED}"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("customer", "7"),
        ("customer", "11"),
        ("customer", "1000000"),
        ("customer", "100001"),
        ("customer", "C-000001"),
        ("customer", "nullmeier"),
        ("customer", "Guest-4711"),
        ("customer", "ffffff1"),
        ("customer", "222222"),
        ("customer", "123456"),
        ("loyalty", "7777777"),
        ("badge", "333333"),
        ("loyalty", "X"),
        ("email", "nan@firm.example"),
        ("email", "nil@firm.example"),
        ("email", "na@firm.example"),
        ("email", "testa.rossa@shop.example"),
        ("email", "norbert@shop.example"),
        ("email", "reply@shop.example"),
        ("email", "nancy@shop.example"),
        ("email", "annone@shop.example"),
        ("email", "ann@null.example"),
        ("email", "a@b.de"),
        ("email", "notrees@shop.example"),
        ("phone", "+49 151 11111112"),
        ("phone", "0151 23456789"),
        ("mac", "00:00:00:00:00:01"),
        ("device", "00000000-0000-4000-8000-000000000001"),
    ],
)
def test_what_only_looks_like_it_stays_an_identifier(kind: str, value: str) -> None:
    assert not is_blocked(GERMAN.identifier(kind, value))


@given(name=NAMES, number=st.integers(1, 10**6))
def test_numbered_customers_are_people(name: str, number: int) -> None:
    assert not is_placeholder("customer", f"{name}-{number}-{name[0]}q")


@given(order=st.permutations([*(f"{kind}:{BLOCKED}" for kind in (*TYPES, "badge")), "mac:ff", "badge:07"]))
def test_a_blocked_identifier_is_never_the_primary_identifier_of_an_event_that_has_another(order: list[str]) -> None:
    assert strongest(order) == "mac:ff"
    assert is_blocked(strongest([one for one in order if is_blocked(one)]))
