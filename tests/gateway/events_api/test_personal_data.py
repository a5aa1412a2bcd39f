"""Wherever and however a sender writes who somebody is, an event holds it as a pseudonym or not at all."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.brand.live import BrandView, build_brand_view
from schemas.brand.load import load
from schemas.brand.query import Query
from schemas.identifiers.plain import plain
from tests.support.gateway_process import BRAND, IDENTIFIER_KEY, page_view, sale
from tests.support.validation import validated

VIEW = build_brand_view(load(BRAND), IDENTIFIER_KEY)
SHOP = "https://shop.corner.example"
SIGNS = {
    "@": ["@", "%40", "%2540", "%252540", "＠", "﹫", "&#64;", "&#x40;", "&commat;", "&amp;#64;", "\\u0040", "%u0040",
          "%EF%BC%A0"],
    ".": [".", "%2E", "．", "&period;", "&#46;", "%252e"],
    "n": ["n", "%6e", "ｎ", "&#110;", "n\u00ad", "\u200bn", "%256E"],
}  # fmt: skip
spelled = st.tuples(*(st.sampled_from(SIGNS.get(one, [one])) for one in "ann@corner.example")).map("".join)
PLACES = [
    {"properties": {"url": SHOP + "/account?email={}&utm_source=x"}}, {"properties": {"referrer": "/a/{}/b?x=1#{}"}},
    {"properties": {"page": {"path": "/{}", "search": "?e={}", "title": "Hello {}"}}}, {"channel": "mail {}"},
    {"properties": {"href": "https://{}@shop.example/"}}, {"properties": {"note": "see " + SHOP + "/?u={} or {}."}},
    {"properties": {"to": [{"deep": ["{}"]}], "order_id": "{}"}}, {"campaign": SHOP + "/?email={}"}, {"zone": "{}"},
    {"properties": {"{}": 1}}, {"properties": {"data": '{{"email":"{}"}}'}}, {"product": "{}"}, {"tag": "{}"},
    {"properties": {"utm_term": "{}", "url": "?utm_term={}"}}, {"properties": {"link": "mailto:{}?subject=hi"}},
]  # fmt: skip


def filled(node: Any, text: str) -> Any:
    if isinstance(node, dict):
        return {filled(name, text): filled(value, text) for name, value in node.items()}
    if isinstance(node, list):
        return [filled(one, text) for one in node]
    return node.replace("{{", "{").replace("}}", "}").replace("{}", text) if isinstance(node, str) else node


@given(spelled, st.sampled_from(PLACES))
def test_no_address_is_stored_in_any_spelling_and_place(address: str, place: dict[str, Any]) -> None:
    event = validated(page_view(**filled(place, address)), VIEW)
    fields = msgspec.to_builtins(event) | {"properties": json.loads(event.properties)}
    for text in texts(fields):
        assert "ann@" not in plain(text).lower().replace("＠", "@"), text
    sold = validated(sale(properties={"amount": "1", "lines": [{"sku": address, "quantity": 1, "amount": "1"}]}), VIEW)
    assert "ann@" not in plain(sold.lines[0].sku)


def texts(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [text for one in (*node, *node.values()) for text in texts(one)]
    if isinstance(node, list):
        return [text for one in node for text in texts(one)]
    return [node] if isinstance(node, str) else []


NUMBERS = ["+49 170 1234567", "0170/1234567", "%2B49170%31234567", "０１７０ １２３４５６７", "&#48;170 1234567"]


@pytest.mark.parametrize("number", NUMBERS)
def test_no_phone_number_is_stored_in_any_spelling(brand_view: BrandView, number: str) -> None:
    links = {"url": f"{SHOP}/?tel={number}", "page": f"{SHOP}/#{number}"}
    properties = {"note": f"call {number}", "phone": number, **links}
    stored = json.loads(validated(page_view(properties=properties), brand_view).properties)
    assert stored["url"] == stored["page"] == f"{SHOP}/"
    assert "1234567" not in plain(json.dumps(stored)) and stored["note"].startswith("call [phone:")


def test_what_the_brand_lists_of_a_query_is_stored(brand_view: BrandView) -> None:
    url = f"{SHOP}/p/4006381333931?ref=7&variant=2&utm_source=poster&email=a%40b&sessionid=4711#reviews"
    event = page_view(properties={"url": url, "referrer": f"{SHOP}/search?q=ann+smith"})
    stored = json.loads(validated(event, brand_view).properties)
    expected = f"{SHOP}/p/4006381333931?ref=7&utm_source=poster"
    assert stored == {"url": expected, "referrer": f"{SHOP}/search"}
    about = replace(brand_view.brand.about, query=Query(parameters=("ref", "variant")))
    listed = build_brand_view(replace(brand_view.brand, about=about), IDENTIFIER_KEY)
    stored = json.loads(validated(event, listed).properties)
    assert stored["url"] == f"{SHOP}/p/4006381333931?ref=7&variant=2&utm_source=poster"


def test_pages_without_a_query_stay_as_they_are(brand_view: BrandView) -> None:
    properties = {"url": f"{SHOP}/gr%C3%BCn/tee?utm_id=1", "referrer": "https://www.google.com/", "path": "/a/b.html"}
    assert json.loads(validated(page_view(properties=properties), brand_view).properties) == properties
