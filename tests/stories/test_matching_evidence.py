"""What is no evidence that two records are of one person, and what is evidence against it."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.matching.birth_dates import GENERATION_YEARS, date_form, generations, year_of
from schemas.matching.model import LIKELY, Model, score
from schemas.matching.traits import CONTACT, FIELDS, Traits, encode_traits

KEY = b"a key of the test"
MODEL = Model(version="1", prior=-20.0, bits={field: (14.0, 11.0, 7.0, 2.0, -1.0, -4.0) for field in FIELDS[CONTACT]})
"""Weights as training finds them, rather too trusting."""
ANNA = {
    "given_name": "Anna", "family_name": "Wagner", "street": "Hauptstraße", "house_number": "7", "city": "Jena",
    "postal_code": "07743", "birth_date": "1984-02-29",
}  # fmt: skip


def traits(properties: dict[str, Any]) -> Traits:
    found = encode_traits(properties, KEY)
    assert found is not None
    return found


def probability(one: dict[str, Any], other: dict[str, Any]) -> float:
    first, second = traits(one), traits(other)
    found = score(first, second, MODEL)
    assert found == score(second, first, MODEL)
    return found.probability


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("given_name", ["unbekannt", "Unknown", "N/A", "n.n.", "k. A.", "keine Angabe", "Vorname", "xxx", "Kunde"]),
        ("family_name", ["unbekannt", "null", "undefined", "(none)", "Nachname", "anonym", "aaa", "Herr", "???"]),
        ("birth_date", ["1900-01-01", "01.01.1900", "1970-01-01T00:00:00Z", "00.00.0000", "1899-12-30", "9999-12-31",
                        "19000101", "unbekannt", "1.1.1970", 19000101]),
        ("postal_code", ["00000", "99999", "12345", "0", "n/a", 0]),
        ("city", ["unbekannt", "Musterstadt", "Anytown", "-", "keine"]),
        ("street", ["Musterstraße", "Musterstr.", "Musterweg", "keine Angabe", "Sample Street"]),
        ("national_id", ["000-00-0000", "123456789", "111111111", "keine"]),
        ("house_number", ["0", "-", "ohne"]),
    ],
)  # fmt: skip
def test_what_stands_for_no_value_is_no_trait(name: str, values: list[Any]) -> None:
    for value in values:
        assert encode_traits({name: value}, KEY) is None, value


@pytest.mark.parametrize(
    ("name", "value"),
    [("family_name", "Guest"), ("family_name", "Blank"), ("given_name", "Nan"), ("given_name", "Na"), ("city", "Essen"),
     ("birth_date", "1901-01-02"), ("birth_date", "2000-01-02"), ("postal_code", "10000"), ("house_number", "10"),
     ("family_name", "Muster"), ("family_name", "Doe"), ("street", "Testorferstraße")],
)  # fmt: skip
def test_what_only_looks_like_it_stays_a_trait(name: str, value: str) -> None:
    assert encode_traits({name: value}, KEY) is not None


@pytest.mark.parametrize(
    "names",
    [
        "Max Mustermann",
        "Mustermann Max",
        "ERIKA MUSTERMANN",
        "John Doe",
        "Jane Doe",
        "Max Muster",
        "Otto Normalverbraucher",
    ],
)
def test_a_sample_person_has_no_traits_at_all(names: str) -> None:
    given_name, family_name = names.split()
    sample = {"given_name": given_name, "family_name": family_name, "street": "Am Markt", "birth_date": "1971-05-06"}
    assert encode_traits(sample, KEY) is None


def test_people_of_whom_nothing_is_known_share_no_block() -> None:
    unknown = {
        "given_name": "unbekannt", "family_name": "unbekannt", "birth_date": "1900-01-01", "postal_code": "00000",
        "city": "Jena",
    }  # fmt: skip
    found = traits(unknown)
    assert (found.filters.keys(), found.blocks) == ({"city"}, ())


@pytest.mark.parametrize(
    "other",
    [
        {"given_name": "Berta"}, {"given_name": "Lena"}, {"given_name": "Klaus", "birth_date": "1983-11-02"},
        {"birth_date": "1953-07-12"}, {"birth_date": "1953-02-28"}, {"birth_date": "29.02.1948"},
        {"birth_date": "2012-02-29"},
    ],
)  # fmt: skip
def test_people_of_one_address_stay_apart(other: dict[str, str]) -> None:
    """Twins, spouses, parents and their children of the same name agree in all but one thing."""
    assert probability(ANNA, ANNA) > LIKELY
    assert probability(ANNA, ANNA | other) < 1e-6


@pytest.mark.parametrize(
    "spelled",
    [
        {"given_name": "Anne"}, {"given_name": "Ana"}, {"given_name": "Wagner", "family_name": "Anna"},
        {"given_name": ""}, {"given_name": "unbekannt"}, {"birth_date": "29.2.1984"}, {"birth_date": "1984-02-28"},
        {"birth_date": "1985-02-29"}, {"birth_date": "1948-02-29", "national_id": "65070149"},
        {"given_name": "Nadia", "national_id": "65070149"}, {"family_name": "Berger"}, {"birth_date": "1900-01-01"},
    ],
)  # fmt: skip
def test_what_is_mistyped_missing_or_outweighed_is_no_contradiction(spelled: dict[str, str]) -> None:
    assert probability(ANNA | {"national_id": "65070149"}, ANNA | spelled) > LIKELY


def test_no_agreement_outweighs_a_contradiction() -> None:
    best = Model(version="1", prior=0.0, bits={field: (9.9,) * 6 for field in FIELDS[CONTACT]})
    everything = dict.fromkeys(FIELDS[CONTACT], "Wilhelmina") | {"national_id": "1"}
    one, other = (traits(everything | {"given_name": name, "national_id": name}) for name in ("Anna", "Klaus"))
    assert score(one, other, best).probability < LIKELY


@given(st.integers(1850, 2030), st.integers(1850, 2030))
def test_dates_are_told_apart_when_a_generation_lies_between_them(one: int, other: int) -> None:
    both_differ = all(first != second for first, second in zip(generations(one), generations(other), strict=True))
    if abs(one - other) >= GENERATION_YEARS:
        assert both_differ
    elif abs(one - other) <= GENERATION_YEARS // 2:
        assert not both_differ


def test_a_date_is_one_date_in_every_clear_form() -> None:
    spellings = ("1984-02-29", "19840229", "1984/02/29", "29.02.1984", "29.2.1984", "1984-2-29", "1984-02-29T00:00:00Z")
    assert {date_form(text) for text in spellings} == {"19840229"}
    assert {year_of(text) for text in (*spellings, "02/29/1984")} == {1984}
    assert [year_of(text) for text in ("29.02.84", "unbekannt", "12345678")] == [None, None, None]
    for one, other in combinations(spellings, 2):
        assert traits({"birth_date": one}) == traits({"birth_date": other})
