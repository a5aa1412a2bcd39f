"""Of a link's query what is listed is recorded, nothing that says who somebody is, and a destination keeps its own."""

from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.brand.link_query import MAX_PASSED_BYTES, LinkQuery, with_parameters
from schemas.brand.destinations import is_registered
from schemas.identifiers.pseudonyms import Pseudonyms

SHOP = "https://shop.example"
QUERY = LinkQuery(Pseudonyms(bytes(32), "DE", parameters=("ref", "Shelf.Edge", "note")).links)


def recorded(query: str) -> dict[str, str]:
    return QUERY.recorded(query.encode())


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("utm_source=poster&utm_campaign=fr%C3%BChling", {"utm_source": "poster", "utm_campaign": "frühling"}),
        ("UTM_Source=poster&REF=12&shelf.edge=a", {"utm_source": "poster", "ref": "12", "Shelf.Edge": "a"}),
        ("utm_id=20261129001&ref=491701234567", {"utm_id": "20261129001", "ref": "491701234567"}),
        ("utm_source=first&utm_source=second", {"utm_source": "first"}),
        ("utm_source=&utm_medium=qr", {"utm_medium": "qr"}), ("utm_term=red+shoes", {"utm_term": "red shoes"}),
        ("type=sale&tag=shelf-1&gclid=x&fbclid=y&email=ann%40shop.example&utm=x&utmsource=x&utm_", {}),
        ("utm_source=%00a&utm_medium=a%0Ab", {}), ("utm_source", {}), ("&&==&%", {}), ("", {}),
        ("utm_source=a;email=b&ref=c%26d%3De", {"utm_source": "a", "ref": "c"}), ("ref=a;b%26c", {"ref": "a;b&c"}),
        ("ref=%E2%80%8Ba%20", {"ref": "a"}), (f"ref={'a' * 500}", {"ref": "a" * 200}),
    ],
)  # fmt: skip
def test_listed_parameters_are_recorded_and_no_other(query: str, found: dict[str, str]) -> None:
    assert recorded(query) == found


@pytest.mark.parametrize(
    "value",
    ["ann@shop.example", "ann%40shop.example", "ann%2540shop.example", "ann＠shop.example", "ann@shop。example",
     "mailto:ann@shop.example", "x-ann@shop.example-y", "+49 170 1234567", "%2B491701234567", "0049 170 1234567"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["utm_content", "ref", "note"])
def test_what_says_who_somebody_is_is_not_recorded(name: str, value: str) -> None:
    assert recorded(f"{name}={quote(value)}&utm_source=a") == {"utm_source": "a"}


def test_the_digits_of_a_campaign_are_no_phone_number_and_those_of_a_text_are() -> None:
    assert recorded("utm_campaign=0431+234567&note=0431+234567") == {"utm_campaign": "0431 234567"}


@pytest.mark.parametrize(
    ("destination", "expected"),
    [
        ("", "?utm_source=poster&ref=a%20%26b"), ("/p", "/p?utm_source=poster&ref=a%20%26b"),
        ("/p?x=1", "/p?x=1&utm_source=poster&ref=a%20%26b"), ("/p?", "/p?utm_source=poster&ref=a%20%26b"),
        ("/p?x=1#top", "/p?x=1&utm_source=poster&ref=a%20%26b#top"),
        ("/p#a?b", "/p?utm_source=poster&ref=a%20%26b#a?b"), ("/p?utm_source=shop", "/p?utm_source=shop&ref=a%20%26b"),
        ("/p?UTM_SOURCE=&ref", "/p?UTM_SOURCE=&ref"), ("/p?a;ref=1&utm%5Fsource=2", "/p?a;ref=1&utm%5Fsource=2"),
    ],
)  # fmt: skip
def test_a_destination_keeps_its_own(destination: str, expected: str) -> None:
    assert with_parameters(SHOP + destination, {"utm_source": "poster", "ref": "a &b"}) == SHOP + expected


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: f"utm_source={text}&ref={text}".encode()))
def test_any_query_is_read(query: bytes) -> None:
    found = QUERY.recorded(query)
    assert sum(len(quote(text, safe="")) for pair in found.items() for text in pair) < MAX_PASSED_BYTES
    address = with_parameters(f"{SHOP}/p?x=1#top", found)
    assert is_registered(address, (SHOP,)) and address.isascii() and address.endswith("#top")
    assert parse_qs(urlsplit(address).query)["x"] == ["1"]
    assert dict(parse_qsl(urlsplit(address).query)[1:]) == found
