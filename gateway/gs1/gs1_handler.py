"""``GET /01/{gtin}…`` and the other keys of GS1: a phone is a scan of the tag that the key means; whoever asks for a
type of link, or for all, gets those of the product.

A resolver as of the GS1 Digital Link standard: redirects are 307, an absent link type is 404, equals are 300.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, quote

import msgspec
from starlette.datastructures import Headers
from starlette.types import Scope

from gateway.brand.gs1_lookup import Gs1Meaning
from gateway.brand.link_query import MAX_QUERY_BYTES, with_parameters
from gateway.brand.live import BrandView, LiveBrand
from gateway.gs1.linkset import LINKSET, alternatives, choices_json, choices_page, linkset
from gateway.gs1.negotiation import Answer, available, best, link_type
from gateway.http.accept import media_weight, preferences
from gateway.http.client_limit import ClientLimit
from gateway.http.clients import Client
from gateway.http.errors import ErrorKind, RequestError
from gateway.http.pages import POLICY
from gateway.http.responses import RawHeaders, RawResponse
from gateway.scan.digital_link import DigitalLinkScan
from gateway.scan.scan_handler import ScanHandler
from schemas.brand.gs1_keys import as_key
from schemas.brand.model import Product
from schemas.gs1.digital_link import PRINTED, DigitalLink, parse_path
from schemas.gs1.elements import Fault

LINK_TYPE: Final = "linktype"
ALL: Final = frozenset(("all", "linkset"))
DEFAULT: Final = "gs1:defaultLink"
DATES: Final = frozenset(("11", "12", "13", "15", "16", "17"))
"""Attributes that are recorded beside the path's elements. All others of the query are not: anybody can write anything
into it, and some are names and addresses of people."""
PERSONAL: Final = frozenset(("8017", "8018", "8019"))
"""Service relations: numbers of people, such as patients and members. Their values are not recorded."""
MAX_PATH_BYTES: Final = 2_000
LINKSET_HEADER: Final = (b"link", b'<?linkType=all>; rel="linkset"; type="application/linkset+json"')
_POLICY: Final = (b"content-security-policy", POLICY.encode())
_VARY: Final = (b"vary", b"accept, accept-language")
ANYBODY: Final = (b"access-control-allow-origin", b"*")
"""Links are public: apps in a browser read them from everywhere."""


class Gs1Handler:
    """:param public_url: base of the addresses that a linkset names; empty: they have no host."""

    def __init__(self, brand: LiveBrand, clients: ClientLimit, scans: ScanHandler, public_url: str) -> None:
        self._brand = brand
        self._clients = clients
        self._scans = scans
        self._public_url = public_url

    async def digital_link(self, scope: Scope) -> RawResponse:
        """The response to a GS1 Digital Link. :raises RequestError: ADDRESS_RATE, NO_BRAND, DIGITAL_LINK or NO_LINK."""
        client = self._clients.admit(scope)
        view = self._brand.view()
        link = _parsed(scope)
        meaning = view.gs1.find(link)
        request = Headers(raw=scope["headers"])
        wanted, accept = _wanted_type(scope["query_string"]), request.get("accept", "")
        product = meaning.product
        if wanted in ALL or (wanted is None and _prefers_linkset(accept)):
            return self._linkset(view, link, product)
        answers = _answers(view, link, product)
        default_type = link_type(product.default_type) if product is not None else ""
        type = default_type if wanted in (None, DEFAULT) else wanted
        language = request.get("accept-language", "")
        chosen = best(answers, type, language, accept, view.brand.about.language) if type else ()
        if wanted is not None:
            return _response(view, chosen, accept, scope["query_string"])
        # A phone gets one answer: of equals the first.
        response = await self._scans.scan(scope, _scan(client, link, meaning, chosen[0].url if chosen else ""))
        # Another one: phones that scan in the same moment share the response.
        headers = [header for header in response.headers if header[0] != b"content-length"]
        return RawResponse(
            307 if response.status == 302 else response.status,
            [*headers, LINKSET_HEADER] if answers else headers,
            response.body,
        )

    def _linkset(self, view: BrandView, link: DigitalLink, product: Product | None) -> RawResponse:
        answers = _answers(view, link, product)
        if product is None or not answers:
            raise RequestError(ErrorKind.NO_LINK, "there are no links")
        uri = f"{self._public_url}/{as_key(link)[0]}"
        body = linkset(uri, product.name, answers, product.default_type)
        return RawResponse(200, [(b"content-type", LINKSET.encode()), ANYBODY, _VARY], body)


def _parsed(scope: Scope) -> DigitalLink:
    """:raises RequestError: DIGITAL_LINK."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    if len(raw) > MAX_PATH_BYTES:
        raise RequestError(ErrorKind.DIGITAL_LINK, f"the path has more than {MAX_PATH_BYTES} bytes")
    path = raw.decode("latin-1").rstrip("/")
    query = scope["query_string"][:MAX_QUERY_BYTES].decode("latin-1")
    found = parse_path(path, query, PRINTED)
    if isinstance(found, Fault):
        # What is wrong with an attribute leads no shopper astray: the path says what was scanned.
        found = parse_path(path, "", PRINTED)
    if isinstance(found, Fault):
        raise RequestError(ErrorKind.DIGITAL_LINK, f"this is no right GS1 Digital Link: {found}")
    return found


def _answers(view: BrandView, link: DigitalLink, product: Product | None) -> tuple[Answer, ...]:
    return available(product.links, link, view.brand.about.destinations) if product is not None else ()


def _wanted_type(query: bytes) -> str | None:
    """The link type that a query asks for, in its short form."""
    for name, value in parse_qsl(query[:MAX_QUERY_BYTES].decode("latin-1"), errors="replace") if query else ():
        if name.lower() == LINK_TYPE:
            return link_type(value.strip())
    return None


def _prefers_linkset(accept: str) -> bool:
    """Whether a client names the media type of linksets; ``*/*`` does not."""
    accepted = preferences(accept) if "json" in accept.lower() else {}
    return media_weight(accepted, LINKSET) > 0 if LINKSET in accepted else False


def _scan(client: Client, link: DigitalLink, meaning: Gs1Meaning, default: str) -> DigitalLinkScan:
    tag = meaning.tag
    if tag is not None and default and not tag.fallback:
        tag = msgspec.structs.replace(tag, fallback=default)
    stated = {ai: "" if ai in PERSONAL else value for ai, value in link.path}
    return DigitalLinkScan(
        client=client,
        written=".".join(filter(None, (link.key.ai, stated[link.key.ai]))),
        tag=tag,
        product=meaning.product.id if meaning.product is not None else "",
        elements=stated | {ai: value for ai, value in link.attributes if ai in DATES},
    )


def _response(view: BrandView, chosen: tuple[Answer, ...], accept: str, query: bytes) -> RawResponse:
    """:raises RequestError: NO_LINK."""
    if not chosen:
        raise RequestError(ErrorKind.NO_LINK, "there is no link of this type")
    headers: RawHeaders = [LINKSET_HEADER, ANYBODY, _VARY, (b"cache-control", b"no-store")]
    if len(chosen) == 1:
        return RawResponse(307, [(b"location", _location(view, chosen[0].url, query)), *headers])
    headers.append((b"link", alternatives(chosen)))
    about = view.brand.about
    if media_weight(preferences(accept), "text/html") > media_weight(preferences(accept), "application/json"):
        html = choices_page(chosen, about.language, about.text_direction)
        return RawResponse(300, [(b"content-type", b"text/html; charset=utf-8"), _POLICY, *headers], html)
    return RawResponse(300, [(b"content-type", b"application/json"), *headers], choices_json(chosen))


def _location(view: BrandView, url: str, query: bytes) -> bytes:
    parameters: Mapping[str, str] = view.query.recorded(query) if view.brand.about.query.pass_on and query else {}
    served = with_parameters(url, parameters) if parameters else url
    return quote(served, safe=":/%#?=@[]!$&'()*+,;").encode()
