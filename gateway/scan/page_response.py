"""The response with a page, as small as the phone takes it."""

import gzip
import secrets
from collections.abc import Callable, Iterable
from typing import Final

from gateway.brand.live import BrandView
from gateway.http.responses import RawHeaders, RawResponse
from gateway.landing.live_address import Decided
from gateway.landing.page import Page, landing_page
from gateway.landing.question import TOKEN
from gateway.scan.page_visit import CACHE
from gateway.scan.redirects import with_device

COMPRESSION: Final = 4
"""Of gzip: a page takes some 100 µs, and a higher level gains hardly anything."""
_LINK: Final = f"fp-{secrets.token_hex(16)}"
"""Stands in a page that is remembered where the link of a device comes; nobody else can write it."""
_HEADERS: Final = [
    (b"content-type", b"text/html; charset=utf-8"),
    CACHE,
    (b"vary", b"Accept-Encoding, Accept-Language"),
]


def page_response(
    brand_view: BrandView,
    page: Page,
    base: str,
    live: Callable[[Decided], bytes],
    request: Iterable[tuple[bytes, bytes]],
    headers: RawHeaders,
    link: str = "",
    token: Callable[[str], str] | None = None,
) -> RawResponse:
    """:param base: path that phones reach the gateway at. :param live: gives the address of the scan's live events.

    :param request: the headers of the request. :param link: of the device, for the destination; empty for none.
    :param token: gives the token of a question's form; None: the page asks nothing that could be answered.
    """
    if link:
        page = page._replace(destination=with_device(page.destination, _LINK))
    rendered = landing_page(page, brand_view.surroundings, base)
    body = rendered.whole(live(rendered.decided) if rendered.is_live else b"")
    if rendered.asks and token is not None:
        body = body.replace(TOKEN.encode(), token(rendered.asks).encode())
    if link:
        body = body.replace(_LINK.encode(), link.encode())
    found = [*_HEADERS, (b"content-security-policy", rendered.policy), *headers]
    if takes_gzip(request):
        return RawResponse(200, [*found, (b"content-encoding", b"gzip")], gzip.compress(body, COMPRESSION, mtime=0))
    return RawResponse(200, found, body)


def takes_gzip(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the client takes gzip (RFC 9110, 12.5.3)."""
    for name, value in headers:
        if name == b"accept-encoding":
            for coding in value.lower().split(b","):
                named, _, weight = coding.partition(b";")
                if named.strip() == b"gzip":
                    return weight.strip().replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False
