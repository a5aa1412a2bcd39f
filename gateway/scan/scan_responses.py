"""The responses to a scan: a page, or a redirect."""

from functools import lru_cache
from urllib.parse import quote

from gateway.brand.live import BrandView
from gateway.http.pages import POLICY
from gateway.http.responses import RawHeaders, RawResponse
from gateway.scan.action_page import action_page
from gateway.scan.page_visit import CACHE, Page

ROUTED, FALLBACK = "routed", "fallback"
PAGE_HEADERS = [(b"content-type", b"text/html; charset=utf-8"), (b"content-security-policy", POLICY.encode()), CACHE]


def redirect_to(destination: str) -> Page:
    """A redirect."""
    return Page("", "", "", destination)


def shown(brand_view: BrandView, page: Page, headers: RawHeaders) -> RawResponse:
    """The page, or the redirect, of a decision."""
    if page.is_redirect:
        return _redirect(page.destination, [*headers, (b"footpath-outcome", ROUTED.encode())])
    return _page(brand_view, page, headers)


def _page(brand_view: BrandView, page: Page, headers: RawHeaders) -> RawResponse:
    language, direction = brand_view.brand.about.language, brand_view.direction
    html = action_page(page.title, page.text, page.label, page.destination, language, direction)
    return RawResponse(200, [*PAGE_HEADERS, *headers, (b"footpath-outcome", ROUTED.encode())], html)


def fallback(destination: str, headers: RawHeaders) -> RawResponse:
    """The redirect that is served without a decision."""
    return _redirect(destination, [*headers, (b"footpath-outcome", FALLBACK.encode())])


def _redirect(destination: str, headers: RawHeaders) -> RawResponse:
    return RawResponse(302, [(b"location", _location(destination)), *headers])


@lru_cache(1024)
def _location(destination: str) -> bytes:
    """The value of a Location header: what a URL may not contain is percent-encoded, what is encoded stays so."""
    return quote(destination, safe=":/%#?=@[]!$&'()*+,;").encode()
