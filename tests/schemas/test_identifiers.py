"""One address in any spelling is one identifier; nobody without the key can test for it; none gets through unhashed."""

import json
import re
from typing import Any

import phonenumbers
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.identifiers import pseudonyms as module
from schemas.identifiers.normalise import InvalidIdentifier, normalise
from schemas.identifiers.pseudonyms import Pseudonyms, may_hold_contacts
from schemas.identifiers.types import TYPES, is_blocked, strongest

KEY = bytes(range(32))
GERMAN = Pseudonyms(KEY, "DE")
IDENTIFIER = re.compile(r"[a-z]+:[0-9a-f]{32}")

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
local_parts = st.text(LETTERS, min_size=1, max_size=12)
emails = st.builds("{}.{}@{}.example".format, local_parts, local_parts, local_parts)
NUMBERS = [
    phonenumbers.format_number(phonenumbers.example_number_for_type(region, kind), phonenumbers.PhoneNumberFormat.E164)
    for region in ("DE", "PT", "US", "GB", "FR", "BR", "JP", "IN")
    for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
]
phones = st.sampled_from(NUMBERS)
FORMATS = [
    phonenumbers.PhoneNumberFormat.E164,
    phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    phonenumbers.PhoneNumberFormat.RFC3966,
]
# Words around an address: nothing that could be read as a part of it.
words = st.lists(st.sampled_from(["call", "me", "at", "or", "über", "店"]), max_size=4).map(" ".join)


@pytest.mark.parametrize(
    ("kind", "spellings"),
    [
        ("email", ["ann@shop.example", " Ann@Shop.Example ", "ANN@SHOP.EXAMPLE\n", "\uff41nn@shop.example"]),
        (
            "phone",
            ["+4915123456789", "0151 23456789", "+49 (151) 234-567-89", "0049 151 23456789", "tel:+49-151-23456789"],
        ),
        ("mac", ["AA:BB:CC:00:11:22", "aa-bb-cc-00-11-22", "aabb.cc00.1122", "aabbcc001122"]),
        ("customer", ["C-17", " C-17 "]),
    ],
)
def test_all_spellings_are_one_identifier(kind: str, spellings: list[str]) -> None:
    found = {GERMAN.identifier(kind, spelling) for spelling in spellings}
    assert len(found) == 1
    assert IDENTIFIER.fullmatch(found.pop())


@given(address=emails, upper=st.booleans())
def test_case_and_space_do_not_matter_in_an_address(address: str, upper: bool) -> None:
    spelled = f"  {address.upper() if upper else address.title()}\t"
    assert GERMAN.identifier("email", spelled) == GERMAN.identifier("email", address)


@given(number=phones, form=st.sampled_from(FORMATS))
def test_a_number_is_one_number_in_every_form(number: str, form: int) -> None:
    spelled = phonenumbers.format_number(phonenumbers.parse(number), form)
    assert normalise("phone", spelled) == number


@given(first=emails, second=emails)
def test_different_addresses_are_different_identifiers(first: str, second: str) -> None:
    assume(not is_blocked(GERMAN.identifier("email", first)))
    assert (GERMAN.identifier("email", first) == GERMAN.identifier("email", second)) == (first == second)


@given(value=emails)
def test_another_key_or_type_is_another_hash(value: str) -> None:
    assume(not is_blocked(GERMAN.identifier("email", value)))
    here, there = GERMAN.identifier("email", value), Pseudonyms(bytes(32), "DE").identifier("email", value)
    assert here.partition(":")[2] != there.partition(":")[2]
    assert here.partition(":")[2] != GERMAN.identifier("customer", value).partition(":")[2]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("email", ""),
        ("email", "   "),
        ("email", "ann"),
        ("email", "ann@"),
        ("email", "a b@shop.example"),
        ("email", "x" * 300 + "@shop.example"),
        ("phone", "12"),
        ("phone", "hello"),
        ("mac", "aa:bb"),
        ("customer", "a\x00b"),
    ],
)
def test_what_is_no_identifier_is_refused_without_being_repeated(kind: str, value: str) -> None:
    with pytest.raises(InvalidIdentifier) as refused:
        GERMAN.identifier(kind, value)
    assert len(value.strip()) < 3 or value.strip() not in str(refused.value)


def test_a_national_number_needs_a_country() -> None:
    with pytest.raises(InvalidIdentifier, match=r"country prefix"):
        Pseudonyms(KEY).identifier("phone", "0151 23456789")


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Pseudonyms(b"secret")


@given(before=words, address=emails, after=words)
def test_no_address_survives_in_a_text(before: str, address: str, after: str) -> None:
    identifier = GERMAN.identifier("email", address)
    assume(not is_blocked(identifier))  # undefined@shop.example is nobody's
    scrubbed = GERMAN.scrub(f"{before} {address.upper()} {after}")
    assert address not in scrubbed.lower()
    assert identifier in scrubbed


@given(before=words, number=phones, form=st.sampled_from(FORMATS[:2]), after=words)
def test_no_phone_number_survives_in_a_text(before: str, number: str, form: int, after: str) -> None:
    assume(not is_blocked(GERMAN.identifier("phone", number)))  # +33 123456789 is nobody's
    spelled = phonenumbers.format_number(phonenumbers.parse(number), form)
    scrubbed = GERMAN.scrub(f"{before} {spelled} {after}")
    assert spelled not in scrubbed and number[3:] not in scrubbed.replace(" ", "")
    assert GERMAN.identifier("phone", number) in scrubbed


@given(
    properties=st.recursive(
        st.one_of(emails, phones, st.integers(0, 999), st.none()),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.one_of(words, emails), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_nothing_survives_anywhere_in_a_json_value(properties: object) -> None:
    text = json.dumps(GERMAN.scrub_json(properties))
    assert "@" not in text
    assert not any(number in text for number in NUMBERS)


def test_a_national_number_is_known_by_the_name_it_travels_under() -> None:
    scrubbed = GERMAN.scrub_json({"Phone": "0151 23456789", "mobile_no": 15123456789})
    assert scrubbed["Phone"] == f"[{GERMAN.identifier('phone', '+4915123456789')}]"
    assert "15123456789" not in str(scrubbed)


@given(text=st.text(max_size=60))
def test_scrubbing_again_changes_nothing(text: str) -> None:
    once = GERMAN.scrub(text)
    assert GERMAN.scrub(once) == once


def test_what_looks_like_a_number_but_is_none_stays() -> None:
    for text in ("receipt 4711-20261122-0099", "EAN 4006381333931", "2026-11-22T10:00:00Z", "19.90"):
        assert GERMAN.scrub(text) == text


@given(
    st.permutations(
        [
            GERMAN.identifier(
                kind,
                "ann@shop.example"
                if kind == "email"
                else "+4915123456789"
                if kind == "phone"
                else "aabbcc001122"
                if kind == "mac"
                else "x",
            )
            for kind in TYPES
        ]
    )
)
def test_the_primary_identifier_is_the_strongest_in_any_order(identifiers: list[str]) -> None:
    for weaker in range(len(TYPES)):
        left = [one for one in identifiers if TYPES.index(one.partition(":")[0]) >= weaker]
        assert strongest(left).partition(":")[0] == TYPES[weaker]


def test_the_brands_own_types_come_last() -> None:
    assert strongest(["badge:00", "mac:ff"]) == "mac:ff"


DAY_US = 86_400_000_000
MORNING = 20_000 * DAY_US + 8 * 3_600_000_000
"""Eight o'clock on some day, in microseconds UTC."""


@pytest.mark.parametrize("mac", ["da:a1:19:00:11:22", "02:00:5e:10:00:01", "FE-00-00-00-00-01", "36aa.bb00.1122"])
def test_a_random_mac_means_somebody_for_one_day(mac: str) -> None:
    morning = GERMAN.identifier("mac", mac, MORNING)
    assert GERMAN.identifier("mac", mac.upper(), MORNING + 15 * 3_600_000_000) == morning, "the same evening"
    assert GERMAN.identifier("mac", mac, MORNING + DAY_US) != morning, "the next morning"
    assert IDENTIFIER.fullmatch(morning) and morning.startswith("mac:")


@pytest.mark.parametrize("mac", ["ac:bb:cc:00:11:22", "00:1a:2b:3c:4d:5e", "a4-83-e7-00-00-01"])
def test_a_mac_that_a_manufacturer_gave_is_the_same_for_ever(mac: str) -> None:
    assert GERMAN.identifier("mac", mac, MORNING) == GERMAN.identifier("mac", mac, MORNING + 400 * DAY_US)


@given(
    kind=st.sampled_from([kind for kind in TYPES if kind not in ("mac", "phone", "email")]), at=st.integers(0, 2**50)
)
def test_no_other_identifier_depends_on_when(kind: str, at: int) -> None:
    assert GERMAN.identifier(kind, "C-17", at) == GERMAN.identifier(kind, "C-17")


def test_a_remembered_number_is_read_in_the_country_of_each_event() -> None:
    here = Pseudonyms(KEY, "DE")
    german, french = here.identifier("phone", "0151 23456789"), here.identifier("phone", "06 12 34 56 78", country="FR")
    assert here.identifier("phone", "0151 23456789") == german == here.identifier("phone", "+49 151 23456789")
    assert here.identifier("phone", "06 12 34 56 78", country="FR") == french
    with pytest.raises(InvalidIdentifier):
        here.identifier("phone", "0151 23456789", country="FR")
    with pytest.raises(InvalidIdentifier):  # what is refused is refused again
        here.identifier("phone", "0151 23456789", country="FR")


def test_so_many_numbers_are_remembered_and_none_as_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 3)
    here = Pseudonyms(KEY, "DE")
    for _ in range(2):
        found = {number: here.identifier("phone", f"{number} ") for number in NUMBERS}
    assert found == {number: Pseudonyms(KEY).identifier("phone", number) for number in NUMBERS}
    assert len(here._phones) == 3
    held = repr(here._phones).encode() + b"".join(here._phones)
    assert not any(number.lstrip("+").encode() in held for number in NUMBERS)


PIECES = ("0151 23456789", "+49301234567", "1", "\t", "-", "a@b.example", "\u00e9", "T3", "\\", '"', "tel", "anna", " ")
TEXTS = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)


@given(
    st.recursive(
        TEXTS | st.integers(0, 10**13) | st.booleans() | st.none(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=8,
    )
)
def test_what_holds_no_contacts_for_certain_is_not_changed_by_scrubbing(node: Any) -> None:
    text = json.dumps(node, separators=(",", ":")).encode()
    if not may_hold_contacts(text):
        assert GERMAN.scrub_json(node) == node


@pytest.mark.parametrize("zone", ["Z", "+00:00", "+01:00", "-0500", ""])
def test_a_time_is_no_phone_number_and_a_phone_number_no_time(zone: str) -> None:
    times = [f"2026-{month:02}-03T15:{second:02}:{second:02}{zone}" for month in (1, 11) for second in range(60)]
    assert GERMAN.scrub_json({"expires_at": times, "note": "2026-11-29"}, "DE") == {
        "expires_at": times,
        "note": "2026-11-29",
    }
    said = GERMAN.scrub_json({"expires_at": "call +49 1521 7654321", "at": "+49 1521 7654321"}, "DE")
    assert "7654321" not in str(said)
