"""The short way for numbers in E.164 says of every number what phonenumbers says of it."""

import random
import re

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata, PhoneNumberType

from schemas.identifiers.normalise import InvalidIdentifier, normalise
from schemas.identifiers.numbering_plan import is_e164
from schemas.identifiers.pseudonyms import Pseudonyms

CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
NUMBERS_OF_A_REGION = 60
PSEUDONYMS = Pseudonyms(bytes(range(32)), "DE")


def is_own_normal_form(text: str, country: str = "DE") -> bool:
    """By phonenumbers."""
    try:
        return normalise("phone", text, country) == text
    except InvalidIdentifier:
        return False


def has_national_prefix(text: str) -> bool:
    """Whether what follows the country's code may begin with a national prefix, for which the long way is needed."""
    code = next(code for length in (1, 2, 3) if (code := int(text[1 : 1 + length])) in CODES)
    region = phonenumbers.region_code_for_country_code(code)
    prefix = PhoneMetadata.metadata_for_region_or_calling_code(code, region).national_prefix_for_parsing
    return bool(prefix) and re.match(prefix, text[1 + len(str(code)) :]) is not None


def numbers_like_those_of(region: str) -> list[str]:
    """Numbers of every kind of the region, and others that differ from them in some of their last digits or in
    length."""
    chance = random.Random(region)
    kinds = [phonenumbers.example_number_for_type(region, kind) for kind in PhoneNumberType.values()]
    examples = [
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        for number in kinds
        if number is not None
    ]
    found = list(examples)
    for _ in range(NUMBERS_OF_A_REGION):
        digits = chance.choice(examples)
        kept = chance.randrange(4, len(digits))
        end = max(8, len(digits) + chance.choice((-1, 0, 0, 0, 1)))
        found.append(digits[:kept] + "".join(chance.choice("0123456789") for _ in range(end - kept)))
    return found


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_it_agrees_about_numbers_of_every_country(region: str) -> None:
    for text in numbers_like_those_of(region):
        assert is_e164(text) == (is_own_normal_form(text) and not has_national_prefix(text)), text


@pytest.mark.parametrize("code", [code for code in CODES if phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code] == ("001",)])
def test_it_agrees_about_numbers_of_no_country(code: int) -> None:
    number = phonenumbers.example_number_for_non_geo_entity(code)
    text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    assert is_e164(text) and is_own_normal_form(text)
    assert is_e164(text + "1") == is_own_normal_form(text + "1")


@given(text=st.from_regex(r"\+[0-9]{1,17}|[+0-9 ;=a-z]{1,20}|\+[1-9][0-9]{6,13}[0-9\n٣]", fullmatch=True))
@example("+49301001234\n")
@example("+39012345678")
@example("+4900301001234")
@example("+1")
def test_what_it_takes_for_a_number_is_its_own_normal_form(text: str) -> None:
    if is_e164(text):
        assert is_own_normal_form(text) and is_own_normal_form(text, "US") and is_own_normal_form(text, "")


@pytest.mark.parametrize("region", ["DE", "US", "IT", "AR", "GB", "JP", "BR"])
def test_a_number_is_one_person_on_either_way(region: str) -> None:
    for text in numbers_like_those_of(region):
        if is_own_normal_form(text):
            assert PSEUDONYMS.identifier("phone", text) == PSEUDONYMS.identifier("phone", f" {text}")


@pytest.mark.parametrize("text", ["+491111111111", "+4912345678", "+49876543210"])
def test_a_placeholder_in_this_form_is_nobodys(text: str) -> None:
    assert PSEUDONYMS.identifier("phone", text) == PSEUDONYMS.identifier("phone", f" {text}") == "phone:blocked"
