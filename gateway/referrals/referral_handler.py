"""``POST /v1/referrals/link``: the personal link of a customer, for the brand's own servers: receipts, e-mails, apps.

The answer depends on the identifier and the deployment's key alone: it says nothing of whether anybody is known.
"""

import time
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway.brand.live import BrandView, LiveBrand
from gateway.events_api.inputs import IdentifierInput
from gateway.http.body import BodyMemory, read_body
from gateway.http.errors import ErrorKind, RequestError
from gateway.http.keys import program_key
from gateway.http.rate_limits import TokenBuckets
from gateway.http.responses import json_response
from gateway.scan.personal_links import PersonalLinks
from schemas import kinds
from schemas.brand.model import ApiKey
from schemas.identifiers.dead import EVER_AFTER
from schemas.identifiers.normalise import InvalidIdentifier
from schemas.identifiers.types import is_blocked
from schemas.ids import person_of

LINKS_PER_S: Final = 200
"""Of a key that the brand gives no rate of its own."""
MAX_BODY_BYTES: Final = 4 * 1024
MAX_BODIES_BYTES: Final = 1 << 20


class LinkInput(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Whose link it is: the strongest identifier that the brand has of them."""

    identifier: IdentifierInput


class ReferralHandler:
    """Answers keys with the scope ``events:crm`` that are not public.

    :param base: the address that phones reach the gateway at, see ``schemas.base_address``; may be empty.
    """

    def __init__(self, brand: LiveBrand, links: PersonalLinks, base: str) -> None:
        self._brand = brand
        self._links = links
        self._base = base
        self._buckets = TokenBuckets(LINKS_PER_S)
        self._memory = BodyMemory(MAX_BODIES_BYTES, MAX_BODY_BYTES, 64)

    async def referral_link(self, request: Request) -> Response:
        """200 and the link.

        :raises RequestError: NO_BRAND, NO_KEY, NO_SCOPE, ORIGIN, KEY_RATE, INVALID, NO_PROGRAMME; or as
            :func:`gateway.http.body.read_body`.
        """
        brand_view = self._brand.view()
        key = self._authorised(request, brand_view)
        with self._memory.of(key.id) as held:
            body = await read_body(request, MAX_BODY_BYTES, held)
        link = self._links.link(brand_view, person_of(_identifier(body, brand_view)), self._base)
        if link is None:
            raise RequestError(ErrorKind.NO_PROGRAMME, "the brand has no section referral")
        return json_response(200, {"link": link})

    def _authorised(self, request: Request, brand_view: BrandView) -> ApiKey:
        key = program_key(
            request,
            brand_view.brand.api_keys,
            lambda key: not key.is_public and kinds.CRM in key.scopes,
            RequestError(ErrorKind.NO_SCOPE, f"this key has no scope for personal links: {kinds.CRM}"),
            "ask for personal links",
        )
        rate = key.events_per_s if key.events_per_s is not None else LINKS_PER_S
        if wait_s := self._buckets.take(key.id, 1, time.monotonic(), rate):
            raise RequestError(ErrorKind.KEY_RATE, f"this key may make {rate} requests a second", wait_s)
        return key


def _identifier(body: bytes, brand_view: BrandView) -> str:
    """The identifier of a request. :raises RequestError: INVALID or BODY."""
    try:
        given = msgspec.json.decode(body, type=LinkInput).identifier
    except msgspec.ValidationError as error:
        raise RequestError(ErrorKind.INVALID, str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestError(ErrorKind.BODY, f"the body is no JSON: {error}") from None
    if (given.value is None) == (given.hash is None):
        raise RequestError(ErrorKind.INVALID, "identifier: must have either value or hash")
    if given.type not in brand_view.identifier_types:
        raise RequestError(ErrorKind.INVALID, "identifier.type: is no type that the brand has")
    try:
        if given.value is None:
            identifier = brand_view.pseudonyms.living(f"{given.type}:{given.hash}")
        else:
            identifier = brand_view.pseudonyms.identifier(given.type, given.value, EVER_AFTER)
    except InvalidIdentifier as error:
        raise RequestError(ErrorKind.INVALID, f"identifier.value: {error}") from None
    if is_blocked(identifier):
        raise RequestError(ErrorKind.INVALID, "identifier.value: is a placeholder, which is nobody's")
    return identifier
