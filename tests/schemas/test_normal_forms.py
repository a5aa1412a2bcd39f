"""Normal forms: what people type is read by its rules, an opaque code is left as its issuer wrote it."""

import phonenumbers
import pytest

from schemas.identifiers.normalise import InvalidIdentifier, normalise
from schemas.identifiers.pseudonyms import Pseudonyms

GERMAN = Pseudonyms(bytes(range(32)), "DE")
DAY_US = 86_400_000_000
FORMATS = [
    phonenumbers.PhoneNumberFormat.E164,
    phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    phonenumbers.PhoneNumberFormat.RFC3966,
]


@pytest.mark.parametrize(
    "spelling", ["#00031991/3/90119", "0000030901820", "+490031991390119", "+1 555 0100", "112", "901820"]
)
def test_a_number_of_no_numbering_plan_is_nobodys(spelling: str) -> None:
    with pytest.raises(InvalidIdentifier, match="numbering plan"):
        normalise("phone", spelling, "DE")


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_a_normal_form_is_its_own_normal_form_in_every_country(region: str) -> None:
    number = phonenumbers.example_number(region)
    for form in FORMATS:
        normal = normalise("phone", phonenumbers.format_number(number, form), region)
        assert normal == normalise("phone", normal) == normalise("phone", normal, "DE")


@pytest.mark.parametrize(
    "spelling",
    [
        "+49 30 770077 ext. 12",
        "030/770077 x12",
        "+49 30 770077;ext=12",
        "030 770077 (Durchwahl 12)",
        "030 770077 App. 12",
    ],
)
def test_an_extension_is_part_of_the_number(spelling: str) -> None:
    assert normalise("phone", spelling, "DE") == "+4930770077;ext=12"
    assert GERMAN.identifier("phone", spelling) != GERMAN.identifier("phone", "+49 30 770077 ext. 34")
    assert GERMAN.identifier("phone", spelling) != GERMAN.identifier("phone", "+49 30 770077")


@pytest.mark.parametrize("spelling", ["0151 23456789 (mobil)", "Tel. 0151/23456789", "mobil: 0151 23456789, abends"])
def test_words_around_a_number_are_no_part_of_it(spelling: str) -> None:
    assert normalise("phone", spelling, "DE") == "+4915123456789"


def test_a_national_number_is_read_where_it_was_written() -> None:
    def caller(country: str) -> str:
        return GERMAN.identifier("phone", "06 1234 5670", country=country)

    assert caller("FR") == GERMAN.identifier("phone", "+33 6 12 34 56 70")
    assert caller("IT") == GERMAN.identifier("phone", "+39 06 1234 5670")
    assert caller("") == caller("DE")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ute@müller.example", "ute@xn--mller-kva.example", True),
        ("ute@MÜLLER.example", "Ute@XN--MLLER-KVA.example", True),
        ("ute@mu\u0308ller.example", "ute@müller。example", True),
        ("info@straße.example", "info@strasse.example", False),
        ("info@straße.example", "info@STRAẞE.example", True),
        ("weiß@shop.example", "weiss@shop.example", False),
        ("weiß@shop.example", "WEIẞ@shop.example", True),
        ("νικος@shop.example", "ΝΙΚΟΣ@shop.example", True),
    ],
)
def test_names_of_the_internet_are_compared_by_its_rules(one: str, other: str, same: bool) -> None:
    assert (GERMAN.identifier("email", one) == GERMAN.identifier("email", other)) is same


@pytest.mark.parametrize(
    ("kind", "clean"),
    [("email", "ann@shop.example"), ("phone", "+49 30 770078"), ("customer", "C-17"), ("mac", "aabbcc001122")],
)
@pytest.mark.parametrize(
    "around", ["\u200b", "\ufeff", "\u202a", "\u200e", "\u00ad", "\u2060", "\u3164", "\u3000", "\x00"]
)
def test_what_nobody_sees_around_a_value_changes_nothing(kind: str, clean: str, around: str) -> None:
    expected = GERMAN.identifier(kind, clean)
    for spelled in (f"{around}{clean}", f"{clean}{around}", f"\u202a {around}{clean}{around}\u202c"):
        assert GERMAN.identifier(kind, spelled) == expected


def test_an_invisible_character_within_an_address_changes_nothing() -> None:
    assert normalise("email", "a\u200bn\u200dn@sh\u00adop.example") == "ann@shop.example"
    assert normalise("phone", "+49\u200e30\u2060770078") == "+4930770078"


@pytest.mark.parametrize("kind", ["customer", "loyalty", "payment", "device", "badge"])
@pytest.mark.parametrize(
    "upper", ["6F9619FF-8B86-D011-B42D-00CF4FC96428", "{6F9619FF-8B86-D011-B42D-00CF4FC96428}", "AA:BB:CC:00:11:22"]
)
def test_a_uuid_or_a_mac_address_is_the_same_in_any_case(kind: str, upper: str) -> None:
    assert GERMAN.identifier(kind, upper) == GERMAN.identifier(kind, upper.lower().strip("{}"))


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ab3x", "aB3x"), ("A①", "A1"), ("ＡＢ7", "AB7"), ("Kﬁ7", "Kfi7"), ("C-1 7", "C-17"), ("007", "7")],
)
def test_an_opaque_code_is_not_folded(one: str, other: str) -> None:
    for kind in ("customer", "loyalty", "payment", "device", "badge"):
        assert GERMAN.identifier(kind, one) != GERMAN.identifier(kind, other)


def test_a_code_in_either_form_of_unicode_is_one() -> None:
    assert GERMAN.identifier("customer", "M\u00fc-7") == GERMAN.identifier("customer", "Mu\u0308-7")


@pytest.mark.parametrize(
    ("kind", "value", "pseudonym"),
    [
        ("customer", "C-1042", "1b42e0b795f876c594ba5d6febe5b0cb"),
        ("loyalty", "DE-0098 17", "63a6d9561c430866646027a86ec50032"),
        ("device", "abcDEF0123456789_-abcd", "9e41a3cd41dd2eefb4a09c8d208a8654"),
        ("device", "6f9619ff-8b86-d011-b42d-00cf4fc96428", "af4ac759400267d763162c194984e0d5"),
        ("payment", "tok_9aXz", "85ac1a52117ed3e3c2e2bd05f52a6f70"),
        ("email", " Ann.Müller@Shop.Example ", "eaaf66452444e8ae355d36ea57f275b9"),
        ("email", "ute@müller.example", "e4e0016ae0dd1063704eac47ca5a7f1c"),
        ("phone", "0151 23456789", "4adaf4a59614c67539ed8151e3ec9043"),
        ("phone", "+1 202 555 0143", "1266e8a416ffa43c1c41a2897079e91b"),
        ("mac", "AC:BB:CC:00:11:22", "7551b91fcb1883f46b37be1970888fff"),
        ("mac", "da:a1:19:00:11:22", "180299e998923472873ae10684a2dcc9"),
        ("badge", "7", "fc50ffbd34d7db906ee5469b0e0bd11f"),
    ],
)
def test_pseudonyms_that_were_given_before_stay(kind: str, value: str, pseudonym: str) -> None:
    assert GERMAN.identifier(kind, value, 20_000 * DAY_US) == f"{kind}:{pseudonym}"
