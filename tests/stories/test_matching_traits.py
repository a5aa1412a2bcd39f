"""Traits can be compared and not be read; the score of two records."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.matching.encoding import bigrams, dice, encode, positional_digits
from schemas.matching.model import LEVELS, MISSING, Model, compare, probability, score
from schemas.matching.traits import CONTACT, FIELDS, VISIT, Traits, encode_traits

KEY, OTHER_KEY = b"a key of the test", b"another of a test"
words = st.text("abcdeüß -", min_size=1, max_size=12)
contacts = st.dictionaries(st.sampled_from(sorted(FIELDS[CONTACT])), words, min_size=1)


def similarity(one: str, other: str, pieces: Any = bigrams) -> float:
    first, second = (int.from_bytes(encode(pieces(text), "test", KEY)) for text in (one, other))
    return dice(first, second)


def traits(properties: dict[str, Any], key: bytes = KEY) -> Traits:
    found = encode_traits(properties, key)
    assert found is not None
    return found


def test_nearer_spellings_share_more_bits() -> None:
    assert similarity("schmidt", "schmidt") == 1
    assert 1 > similarity("schmidt", "schmitt") > similarity("schmidt", "schuster") > similarity("schmidt", "wagner")
    assert (
        similarity("19840229", "19840292", positional_digits)
        > 0.7
        > similarity("19840229", "19510703", positional_digits)
    )


def test_case_accents_and_signs_make_no_difference() -> None:
    assert traits({"family_name": "Jürgens-Voß"}) == traits({"family_name": "JURGENS voss"})


def test_numbers_and_text_are_taken_and_nothing_else() -> None:
    assert traits({"postal_code": 10115}) == traits({"postal_code": "10115"})
    for nothing in (
        {},
        {"given_name": ""},
        {"given_name": " - "},
        {"given_name": None},
        {"given_name": ["anna"]},
        {"city": True},
    ):
        assert encode_traits(nothing, KEY) is None


def test_a_placeholder_is_no_trait_and_a_name_is_never_one() -> None:
    raw = {"national_id": "000-00-0000", "city": "n/a", "family_name": "Guest"}
    assert traits(raw).filters.keys() == {"family_name"}


def test_no_value_can_be_read_and_another_key_gives_other_traits() -> None:
    raw = {"given_name": "wilhelmina", "family_name": "oberhauser", "birth_date": "19840229", "postal_code": "10115"}
    one, other = traits(raw), traits(raw, OTHER_KEY)
    text = msgspec.json.encode(one).decode()
    assert not any(value in text for value in raw.values())
    assert all(one.filters[field] != other.filters[field] for field in raw)
    assert not set(one.blocks) & set(other.blocks)


def test_the_same_word_in_two_fields_looks_different_but_for_names() -> None:
    found = traits({"given_name": "martin", "family_name": "martin", "city": "martin", "street": "martin"})
    assert found.filters["given_name"] == found.filters["family_name"]
    assert len(set(found.filters.values())) == 3


def test_a_contact_takes_precedence_over_a_visit() -> None:
    assert traits({"device_model": "Pixel"}).record_type == VISIT
    assert traits({"device_model": "Pixel", "city": "Bern"}).record_type == CONTACT


def test_an_error_in_one_field_leaves_a_block_in_common() -> None:
    raw = {
        "given_name": "anna",
        "family_name": "wagner",
        "birth_date": "19840229",
        "postal_code": "10115",
        "house_number": "7",
    }
    for field in raw:
        changed = raw | {field: raw[field][::-1] + "x"}
        assert set(traits(raw).blocks) & set(traits(changed).blocks), field


def test_phonetic_blocks_hold_what_sounds_the_same() -> None:
    one, other = (
        traits({"given_name": "Anna", "family_name": "Stefani"}),
        traits({"given_name": "Anne", "family_name": "Stephany"}),
    )
    assert [block for block in one.blocks if block.startswith("names:")] == [
        block for block in other.blocks if block.startswith("names:")
    ]


@given(contacts, contacts)
def test_comparing_and_scoring_are_symmetric(one: dict[str, str], other: dict[str, str]) -> None:
    first, second = encode_traits(one, KEY), encode_traits(other, KEY)
    if first is None or second is None:
        return
    levels = compare(first, second)
    assert levels == compare(second, first)
    model = Model(version="1", prior=-3.0, bits={field: (6.0, 5.0, 3.0, 1.0, -1.0, -4.0) for field in FIELDS[CONTACT]})
    found = score(first, second, model)
    assert found == score(second, first, model)
    assert [reason.level for reason in found.reasons] == [level for level in levels if level != MISSING]
    assert found.probability == probability(found.bits)


def test_even_odds_are_a_probability_of_a_half() -> None:
    assert (probability(0), probability(1), probability(5000)) == (0.5, 2 / 3, 1)
    assert 0 <= probability(-5000) < 1e-300


def test_a_model_with_another_number_of_levels_is_invalid() -> None:
    with pytest.raises(msgspec.ValidationError, match="city must have 6 levels"):
        msgspec.json.decode(b'{"version":"1","prior":0,"bits":{"city":[1,2]}}', type=Model)
    assert len(LEVELS) == 6


def test_a_model_with_infinite_weights_is_invalid() -> None:
    with pytest.raises(ValueError, match="finite"):
        Model(version="1", prior=float("inf"), bits={})
