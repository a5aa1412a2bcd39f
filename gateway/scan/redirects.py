"""The redirects that answer a scan."""

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote

from gateway.brand.link_query import with_parameters
from gateway.brand.live import BrandView
from gateway.http.responses import RawHeaders, RawResponse
from schemas.brand.model import Tag

ROUTED, FALLBACK = "routed", "fallback"
DEVICE_LINK = "fp"
"""The parameter that the tracker looks for (gateway/tracker/fp.js)."""


def fallback(destination: str, headers: RawHeaders) -> RawResponse:
    """The redirect that is served without a decision."""
    return redirect(destination, [*headers, (b"footpath-outcome", FALLBACK.encode())])


def redirect(destination: str, headers: RawHeaders) -> RawResponse:
    """:param destination: a registered address."""
    return RawResponse(302, [(b"location", _location(destination)), *headers])


def fallback_of(brand_view: BrandView, tag: Tag | None) -> str:
    """Where a link leads without a decision."""
    return brand_view.brand.about.fallback if tag is None else brand_view.brand.fallback_of(tag)


def passed_on(destination: str, brand_view: BrandView, parameters: Mapping[str, str]) -> str:
    """The destination, with the link's parameters where the brand passes them on."""
    if parameters and brand_view.brand.about.query.pass_on:
        return with_parameters(destination, parameters)
    return destination


@lru_cache(1024)
def _location(destination: str) -> bytes:
    """The value of a Location header: what a URL may not contain is percent-encoded, what is encoded stays so."""
    return quote(destination, safe=":/%#?=@[]!$&'()*+,;").encode()


def with_device(destination: str, link: str) -> str:
    """The destination with the link of the device that goes there (gateway/identifiers/device_links.py)."""
    return with_parameters(destination, {DEVICE_LINK: link})
