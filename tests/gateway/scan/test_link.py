"""Links are plain ASCII with a scheme, whatever the tag is called and wherever the gateway is reached."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.scan.link import base_address, link_of, reach_warning
from gateway.settings import PUBLIC_URL
from schemas.brand.destinations import parse_address
from schemas.process.settings import SettingError

TAG_IDS = st.from_regex(r"[\w.-]{1,100}", fullmatch=True)


@pytest.mark.parametrize(
    ("tag", "path"),
    [
        ("größe", "gr%C3%B6%C3%9Fe"), ("Äpfel", "%C3%84pfel"), ("façade", "fa%C3%A7ade"),
        ("日本", "%E6%97%A5%E6%9C%AC"), ("кофе", "%D0%BA%D0%BE%D1%84%D0%B5"),
        ("قهوة", "%D9%82%D9%87%D9%88%D8%A9"), ("a_b-c.d", "a_b-c.d"),
    ],
)  # fmt: skip
def test_a_tag_beyond_ascii_is_percent_encoded(tag: str, path: str) -> None:
    assert link_of("https://go.shop.example", tag) == f"https://go.shop.example/s/{path}"


@given(TAG_IDS)
def test_every_tag_comes_back_from_its_link(tag: str) -> None:
    link = link_of("https://go.shop.example", tag)
    assert link.isascii() and unquote(urlsplit(link).path) == f"/s/{tag}"


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("https://go.shop.example/", "https://go.shop.example"), ("HTTPS://Go.Shop.example", "https://go.shop.example"),
        ("https://größe.example", "https://xn--gre-6ka8i.example"), ("http://日本.example:8080", "http://xn--wgv71a.example:8080"),
        ("https://shop.example/läden/", "https://shop.example/l%C3%A4den"),
        ("https://shop.example/a b%20c%", "https://shop.example/a%20b%20c%25"),
        ("http://[0:0::1]:8080", "http://[::1]:8080"), (" https://shop.example ", "https://shop.example"),
        ("https://xn--gre-6ka8i.example", "https://xn--gre-6ka8i.example"), ("http://10.0.0.7", "http://10.0.0.7"),
    ],
)  # fmt: skip
def test_an_address_is_in_one_form(written: str, address: str) -> None:
    assert base_address(written) == address == base_address(address)


@pytest.mark.parametrize(
    "written",
    [
        "go.shop.example", "//go.shop.example", "ftp://go.shop.example", "https://", "https:///s", "https://:8080", "",
        "https://go.shop.example/?a=b", "https://go.shop.example/#a", "https://ann@go.shop.example", "https://a b",
        "https://go.shop.example:70000", "https://go.shop.example:", "https://go.shop.example:1:2", "http://[::1",
        "https://go.shop.example/../x", "https://256.1.1.1", "https://1.2.3", "https://0x7f.1", "https://xn--a.example",
        "https://go..example", "https://-.example", "https://*.example", "https://go.shop.example\\x", "https://[x]",
    ],
)  # fmt: skip
def test_an_address_that_no_phone_could_follow_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        base_address(written)
    with pytest.raises(SettingError, match="FOOTPATH_GATEWAY_PUBLIC_URL"):
        PUBLIC_URL.value(written)


@given(st.text(max_size=40).map("https://".__add__) | st.text(max_size=40))
def test_any_text_is_refused_or_an_ascii_address(written: str) -> None:
    try:
        address = base_address(written)
    except ValueError:
        return
    assert address.isascii() and address.isprintable() and parse_address(address) is not None
    assert base_address(address) == address


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://127.0.0.1:8080", "this machine itself"), ("http://127.8.8.8", "this machine itself"),
        ("http://localhost:8080", "this machine itself"), ("http://[::1]:8080", "this machine itself"),
        ("http://0.0.0.0:8080", "this machine itself"), ("http://[::]:80", "this machine itself"),
        ("http://[::ffff:127.0.0.1]", "this machine itself"), ("http://a.localhost", "this machine itself"),
        ("http://192.168.1.5:8080", "private address"), ("http://10.1.2.3", "private address"),
        ("http://172.16.0.1", "private address"), ("http://100.64.0.1", "private address"),
        ("http://169.254.1.1", "private address"), ("http://[fe80::1]", "private address"),
        ("http://[fd00::1]", "private address"), ("http://till", "no public name"),
        ("http://pi.local", "no public name"), ("http://shop.internal", "no public name"),
        ("https://go.shop.example", ""), ("http://8.8.8.8", ""),
        ("http://[2a00:1450::1]", ""), ("https://localhost.shop.example", ""),
    ],
)  # fmt: skip
def test_addresses_that_phones_elsewhere_cannot_reach_are_told(address: str, said: str) -> None:
    warning = reach_warning(base_address(address))
    assert said in warning and bool(said) == bool(warning)
