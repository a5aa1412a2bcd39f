"""The page that a phone has of a tag is shown again to this phone, for this tag, for the time of a visit."""

import zlib
from base64 import urlsafe_b64encode
from http.cookies import SimpleCookie
from uuid import UUID, uuid4

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.landing.page import Page
from gateway.scan.page_visit import (
    AHEAD_S,
    COOKIE,
    MAX_COOKIE_CHARS,
    WINDOW_S,
    PageVisits,
    is_redirect,
    is_reload,
)

KEY, OTHER_KEY = bytes(32), bytes(range(32))
PHONE, NOW_S = "A" * 22, 1_800_000_000.5
PAGE = Page("Only 3 left", "Größe\n\u2068XL\u2069", "Keep one", "https://shop.example/p?a=1&b=2")
TEXTS = st.text(max_size=200)


def set_cookie(page: Page = PAGE, event_id: str = "", path: bytes = b"/s/shelf-1", https: bool = False) -> str:
    visits = PageVisits(KEY)
    cookie = visits.cookie(page, event_id or str(uuid4()), PHONE, "shelf-1", NOW_S, path, https)
    assert cookie is not None
    return cookie.decode()


def value(cookie: str) -> str:
    return SimpleCookie(cookie)[COOKIE].value


@given(st.builds(Page, TEXTS, TEXTS, TEXTS, TEXTS))
def test_the_page_comes_back_at_any_gateway_of_the_deployment(page: Page) -> None:
    assume(not is_redirect(page))
    event_id = str(uuid4())
    cookie = PageVisits(KEY).cookie(page, event_id, PHONE, "shelf-1", NOW_S, b"/s/shelf-1", False)
    if cookie is not None:
        shown = PageVisits(KEY, "/go").page(value(cookie.decode()), PHONE, "shelf-1", NOW_S + WINDOW_S - 1)
        assert shown == (event_id, page)


def test_it_is_sent_with_its_own_link_alone_and_hidden_from_scripts() -> None:
    parsed = SimpleCookie(set_cookie(https=True))[COOKIE]
    assert (parsed["path"], parsed["samesite"], parsed["httponly"], parsed["secure"]) == (
        "/s/shelf-1",
        "lax",
        True,
        True,
    )
    assert int(parsed["max-age"]) == WINDOW_S
    assert "Secure" not in set_cookie()
    below = PageVisits(KEY, "/go").cookie(PAGE, str(uuid4()), PHONE, "shelf-1", NOW_S, b"/s/gr%C3%B6%C3%9Fe", False)
    assert below is not None and b"; Path=/go/s/gr%C3%B6%C3%9Fe;" in below


@pytest.mark.parametrize("path", [b"/s/shelf-1;", b"/s/a,b", b"/s/a b", b"/s/\r\nx", b"", b"/s/" + b"a" * 1000])
def test_a_path_that_no_cookie_can_have_gets_none(path: bytes) -> None:
    assert PageVisits(KEY).cookie(PAGE, str(uuid4()), PHONE, "shelf-1", NOW_S, path, False) is None


def test_a_page_that_no_cookie_can_hold_gets_none() -> None:
    long = Page("a", "".join(chr(0x4E00 + n) for n in range(2500)), "b", "c")
    assert PageVisits(KEY).cookie(long, str(uuid4()), PHONE, "shelf-1", NOW_S, b"/s/a", False) is None
    assert len(set_cookie(PAGE._replace(text="word " * 2000))) < MAX_COOKIE_CHARS


def test_of_what_follows_from_the_brand_the_cookie_has_references_alone() -> None:
    known = "".join(chr(0x4E00 + n) for n in range(2500)).encode()
    long, event_id = Page("a", known.decode(), "b", "c", "{}", "shelf"), str(uuid4())
    cookie = PageVisits(KEY).cookie(long, event_id, PHONE, "shelf-1", NOW_S, b"/s/a", False, known)
    assert cookie is not None and len(cookie) < 600
    found = value(cookie.decode())
    assert PageVisits(KEY).page(found, PHONE, "shelf-1", NOW_S, known) == (event_id, long)
    assert PageVisits(KEY).page(found, PHONE, "shelf-1", NOW_S, b"another version") is None
    assert PageVisits(KEY).page(found, PHONE, "shelf-1", NOW_S) is None


def test_a_page_of_the_release_before_is_shown_again() -> None:
    body = (
        int(NOW_S).to_bytes(8, "big") + UUID(int=7).bytes + zlib.compress(b'["Hello","","Go","https://shop.example"]')
    )
    visits = PageVisits(KEY)
    found = urlsafe_b64encode(visits._sign(body, PHONE, "shelf-1") + body).decode().rstrip("=")
    shown = (str(UUID(int=7)), Page("Hello", "", "Go", "https://shop.example"))
    assert visits.page(found, PHONE, "shelf-1", NOW_S, b"known") == shown


@pytest.mark.parametrize(
    ("phone", "tag", "now_s", "key"),
    [
        ("B" * 22, "shelf-1", NOW_S, KEY), (PHONE, "shelf-2", NOW_S, KEY), (PHONE, "shelf-1", NOW_S, OTHER_KEY),
        (PHONE, "shelf-1", NOW_S + WINDOW_S + 1, KEY), (PHONE, "shelf-1", NOW_S - AHEAD_S - 1, KEY),
        (PHONE + "\0shelf", "-1", NOW_S, KEY),
    ],
)  # fmt: skip
def test_another_phone_another_tag_and_a_later_visit_do_not_see_it(
    phone: str, tag: str, now_s: float, key: bytes
) -> None:
    assert PageVisits(key).page(value(set_cookie()), phone, tag, now_s) is None


@given(st.text(max_size=100) | st.integers(0, 200).map(lambda at: value(set_cookie())[:at] + "A"))
def test_a_forged_cookie_shows_nothing(forged: str) -> None:
    assert PageVisits(KEY).page(forged, PHONE, "shelf-1", NOW_S) is None


@pytest.mark.parametrize(
    ("headers", "reloads"),
    [
        ([(b"cache-control", b"max-age=0")], True), ([(b"cache-control", b"No-Cache")], True),
        ([(b"accept", b"*/*"), (b"cache-control", b"no-cache, no-store")], True), ([(b"pragma", b"no-cache")], True),
        ([], False), ([(b"cache-control", b"max-age=3600")], False), ([(b"x-cache-control", b"no-cache")], False),
    ],
)  # fmt: skip
def test_a_browser_says_that_it_reloads(headers: list[tuple[bytes, bytes]], reloads: bool) -> None:
    assert is_reload(headers) is reloads
