"""Who looks at a link without scanning it: bots, fetchers of previews, and browsers before their person asks.

They get a page that says what the link is of, the same for everybody, and no cookie. A browser keeps what it fetched
ahead and shows it when its person asks, so it gets the page with status 503, which no browser keeps (Chrome's rule for
speculative loads; nothing else tells it to ask again): the person's own request is the scan.
"""

from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import Final, NamedTuple

from gateway.http.pages import POLICY, page
from gateway.http.responses import RawHeaders, RawResponse
from gateway.trust.agents import MAX_CHARS, Agents
from schemas.brand.model import Brand, Tag
from schemas.reasons import TrustReason

PREVIEW: Final = "preview"
_AHEAD: Final = frozenset((b"sec-purpose", b"purpose", b"x-purpose", b"x-moz"))
_HEADERS: Final[RawHeaders] = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", POLICY.encode()),
    (b"cache-control", b"no-store"),
    (b"vary", b"User-Agent, Sec-Purpose, Purpose"),
    (b"x-robots-tag", b"noindex"),
    (b"footpath-outcome", PREVIEW.encode()),
]


class Look(NamedTuple):
    """Who asks. ``preview`` says why it is no scan, empty when it is one; ``doubted``: see
    :class:`gateway.trust.agents.Agent`."""

    preview: str = ""
    doubted: bool = False


class Looks:
    """Recognises those who look. 1 µs for an agent that was seen lately."""

    def __init__(self) -> None:
        self._agents = Agents()

    def of(self, method: str, headers: Iterable[tuple[bytes, bytes]]) -> Look:
        """Who asks, by an ASGI request's method and headers."""
        written = b""
        ahead = False
        for name, value in headers:
            if name == b"user-agent":
                written = value
            elif name in _AHEAD and (b"prefetch" in value.lower() or b"preview" in value.lower()):
                ahead = True
        agent = self._agents.of(written[:MAX_CHARS].decode("latin-1"))
        if agent.bot:
            return Look(TrustReason.BOT)
        if ahead:
            return Look(TrustReason.PREFETCH)
        return Look(TrustReason.HEAD) if method == "HEAD" else Look(doubted=agent.doubted)


def preview_response(look: Look, brand: Brand, tag: Tag | None) -> RawResponse:
    """The preview of a tag's link; of the brand where the link means no tag."""
    product = brand.products.get(tag.product) if tag is not None and tag.product else None
    title = product.name if product is not None else brand.about.name
    body = _preview(title, brand.about.name, brand.about.language, brand.about.text_direction)
    return RawResponse(503 if look.preview == TrustReason.PREFETCH else 200, _HEADERS, body)


@lru_cache(512)
def _preview(title: str, brand: str, language: str, direction: str) -> bytes:
    head = (
        f'<meta property="og:title" content="{escape(title)}"><meta property="og:site_name" content="{escape(brand)}">'
        '<meta property="og:type" content="website"><meta name="robots" content="noindex">'
    )
    # Whoever sees the page after all is one tap away from the scan: without an address the link is the page's own.
    body = f'<h1 dir="auto">{escape(title)}</h1><p dir="auto">{escape(brand)}</p><a href="">{escape(title)}</a>'
    return page(title, body, language, direction, head=head).encode()
