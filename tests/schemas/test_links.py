"""Of a page's address only what is listed stays; an address or a number is found in whatever it is written."""

import html
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identifiers.contacts import MASKED
from schemas.identifiers.plain import plain
from schemas.identifiers.pseudonyms import Pseudonyms

SHOP = "https://shop.example"
ANN = "ann@shop.example"
PSEUDONYMS = Pseudonyms(bytes(32), "DE", parameters=("ref", "Shelf.Edge"))
MAIL = f"[{PSEUDONYMS.identifier('email', ANN)}]"
PHONE = f"[{PSEUDONYMS.identifier('phone', '+491701234567')}]"


def stored(name: str, value: Any) -> Any:
    scrubbed = PSEUDONYMS.scrub_json({name: value})
    assert PSEUDONYMS.scrub_json(scrubbed) == scrubbed, "once is enough"
    return scrubbed[name]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"{SHOP}/p?email=a%40b&utm_source=x&REF=7", f"{SHOP}/p?utm_source=x&ref=7"),
        (f"{SHOP}/p?utm_content=ann%40shop.example&utm_source=x", f"{SHOP}/p?utm_source=x"),
        (f"{SHOP}/p?ref=%2B49%20170%201234567&shelf.edge=a%26b", f"{SHOP}/p?Shelf.Edge=a%26b"),
        (f"{SHOP}/p?UTM_Source=a;email=b", f"{SHOP}/p?utm_source=a"),
        (f"{SHOP}/p?ref=a%26email%3Db&utm_id=c%2526d%253De", f"{SHOP}/p?ref=a&utm_id=c"),
        (f"{SHOP}/p?ref=a;b%26c&utm_term=%C3%A4%20%3B", f"{SHOP}/p?ref=a%3Bb%26c&utm_term=%C3%A4%20%3B"),
        (f"{SHOP}/?utm_id=https%3A%2F%2Fx.example%2F%3Femail%3Da", f"{SHOP}/?utm_id=https%3A%2F%2Fx.example%2F"),
        ("https://ann:secret@shop.example/p#ann", f"{SHOP}/p"), ("https://ann%40a.example@shop.example", SHOP),
        ("//shop.example/p?customer=7", "//shop.example/p"), ("/konto?mail=a%40b", "/konto"), ("?q=ann", ""),
        ("#/konto?mail=a", ""), ("/", "/"), ("", ""), ("checkout", "checkout"), ("android-app://com.mail/", "android-app://com.mail/"),
        (f"{SHOP}/user/ann%2540shop.example/orders", f"{SHOP}/user/{MAIL}/orders"),
        (f"{SHOP}/tel/%2B49%20170%201234567", f"{SHOP}/tel/{PHONE}"),
        (f"{SHOP}/p/4006381333931", f"{SHOP}/p/4006381333931"), (f"{SHOP}/gr%C3%B6%C3%9Fe", f"{SHOP}/gr%C3%B6%C3%9Fe"),
        ("https%3A%2F%2Fshop.example%2F%3Femail%3Da%40b", f"{SHOP}/"), ("email=a%40b&utm_source=x", "?utm_source=x"),
        ("Berlin Mitte", "Berlin Mitte"), ("red tea", "red tea"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["url", "page_referrer", "documentLocation", "query"])
def test_of_an_address_what_is_listed_stays(name: str, value: str, expected: str) -> None:
    assert stored(name, value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"see {SHOP}/?a=a%40b&utm_id=1, or call 0170 1234567.", f"see {SHOP}/?utm_id=1, or call {PHONE}."),
        (f'{{"to":"{SHOP}/?email=a%40b","n":1}}', f'{{"to":"{SHOP}/","n":1}}'), (f"({SHOP}/?a=b)", f"({SHOP}/)"),
        ("www.shop.example/?email=a%40b", "www.shop.example/"), ("p?email=a%40b x", "p x"),
        ("Really? Yes = no", "Really? Yes = no"),
        (f"mailto:{ANN}?subject=hi", f"mailto:{MAIL}"), (f"{SHOP}/4006381333931 4711", f"{SHOP}/4006381333931 4711"),
        ("redirect=https%3A%2F%2Fshop.example%2F%3Femail%3Da%40b", f"redirect={SHOP}/"),
    ],
)  # fmt: skip
def test_addresses_in_a_text_are_cleaned(value: str, expected: str) -> None:
    assert stored("note", value) == expected
    assert "a%40b" not in PSEUDONYMS.scrub_addresses(value), "in a name, too"


def fullwidth(text: str) -> str:
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text)


ENCODINGS: dict[str, Callable[[str], str]] = {
    "percent": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "percent of the sign": lambda text: quote(text, safe=""),
    "twice": lambda text: quote(quote(text, safe=""), safe=""),
    "many times": lambda text: quote(text, safe="").replace("%", "%" + "25" * 40),
    "references": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "names": lambda text: html.escape(text).replace("@", "&commat;").replace(".", "&period;").replace("+", "&plus;"),
    "names of names": lambda text: text.replace("@", "&amp;amp;#64;").replace("1", "&amp;#x31;"),
    "escapes": lambda text: "".join(f"\\u{ord(one):04x}" for one in text),
    "escapes within escapes": lambda text: json.dumps("".join(f"\\u{ord(one):04x}" for one in text)),
    "old escapes": lambda text: "".join(f"%u{ord(one):04x}" for one in text),
    "full width": fullwidth,
    "invisible": lambda text: "\u200b".join(text),
    "all of it": lambda text: quote("".join(f"&#{ord(one)};" for one in fullwidth(text))),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "place", ["{}", "for {} only", "a={}", f"{SHOP}/p/{{}}", f"{SHOP}/?utm_term={{}}", f"{SHOP}/#{{}}"]
)
def test_no_encoding_hides_an_address_or_a_number(encoding: str, place: str) -> None:
    for contact, mark in ((ANN, MAIL), ("+491701234567", PHONE)):
        text = place.format(ENCODINGS[encoding](contact))
        for name in ("note", "url", "page"):
            left = str(stored(name, text))
            assert contact not in plain(left), left
            assert mark in left or place.endswith(("={}", "#{}")) or "p/" in place, left
    assert ANN not in plain(PSEUDONYMS.scrub_addresses(place.format(ENCODINGS[encoding](ANN))))


@pytest.mark.parametrize(
    "text",
    [
        "Sale 50%",
        "50 %25 off",
        "a & b",
        "Q&A",
        "m²",
        "C:\\users",
        "½ price",
        "Straße 5",
        "C++",
        "100% = alles",
        "&nbsp;",
    ],
)
def test_what_hides_nothing_stays_as_it_is(text: str) -> None:
    assert stored("note", text) == text == PSEUDONYMS.scrub_addresses(text)


@given(st.text(st.sampled_from("aB1@.%&#;/?=:+ \\u20-ｂ＠"), max_size=60))
def test_scrubbing_twice_is_scrubbing_once(text: str) -> None:
    for name in ("note", "sku"):
        once = PSEUDONYMS.scrub_json({name: text})
        assert PSEUDONYMS.scrub_json(once) == once


def test_behind_sixty_numbers_the_rest_is_masked_unread() -> None:
    number = "+49 170 1234567"
    cases = (("note", number, PHONE, " or "), ("note", ANN, MAIL, " "), ("phone", number, PHONE, ""))
    for name, one, mark, between in cases:
        value = between.join([one] * 500) if between else [one] * 500
        left = str(PSEUDONYMS.scrub_json({name: value})[name])
        assert left.count(mark) > 20 and left.count(mark) + left.count(MASKED) == 500, left
        assert not set(left.replace(mark, "")) & set("@12345")
    assert "1" not in stored("note", ", ".join([number] * 500)).replace(PHONE, "")
    assert MASKED in stored("note", "1 2 3 4 5 6 7 8 9 " * 500)
    times = "2026-03-01 10:00:00, " * 500
    assert stored("note", times) == times, "times are no numbers"
