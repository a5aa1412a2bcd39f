"""Whether a form that is posted was sent by the page itself, and by whoever has the page's cookie."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Final, Protocol, TypeVar
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from gateway.http.body import FORM, BodyMemory, read_body
from gateway.http.errors import ErrorKind, RequestError
from gateway.privacy.page_parts import html_response, paragraph
from gateway.privacy.tokens import Tokens
from gateway.privacy.visit import Visits

MAX_FORM_BYTES: Final = 8 * 1024
MAX_FORMS_BYTES: Final = 1 << 20
MAX_FIELDS: Final = 12
TOKEN: Final = "token"


class FormGuard:
    """:param public_url: the address that phones reach the gateway at; empty: that of the request counts."""

    def __init__(self, tokens: Tokens, public_url: str) -> None:
        self._tokens = tokens
        parts = urlsplit(public_url)
        self._origin = f"{parts.scheme}://{parts.netloc}".lower() if public_url else ""
        self._memory = BodyMemory(MAX_FORMS_BYTES, MAX_FORM_BYTES, 64)

    async def fields(self, request: Request, client: str, device: str, now_s: float) -> dict[str, str]:
        """The fields of a form of this device.

        A browser says where a form comes from: ``Sec-Fetch-Site``, older ones ``Origin`` alone; what says neither is
        no browser. The token shows that the page was shown to this device.

        :param client: address of the client. :param device: empty for none.
        :raises RequestError: FORGED, or as :func:`gateway.http.body.read_body`.
        """
        fields = await self.own_fields(request, client)
        if not self._tokens.is_form(fields.get(TOKEN, ""), device, now_s):
            raise forged()
        return fields

    async def own_fields(self, request: Request, client: str) -> dict[str, str]:
        """The fields of a form that no other page has sent; whose its token is has to be looked at.

        :raises RequestError: as :meth:`fields`.
        """
        if not self._is_own(request):
            raise forged()
        with self._memory.of(client) as held:
            body = await read_body(request, MAX_FORM_BYTES, held, FORM)
        try:
            pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
        except ValueError:
            raise forged() from None
        fields = dict(pairs)
        if len(fields) != len(pairs):
            raise forged()
        return fields

    def _is_own(self, request: Request) -> bool:
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            return site == "same-origin"
        origin = request.headers.get("origin")
        if origin is None:
            return True
        host = request.headers.get("host", "").lower()
        own = {self._origin} if self._origin else {f"http://{host}", f"https://{host}"}
        return origin.lower() in own


class HasVisits(Protocol):
    """A handler of pages."""

    _visits: Visits


H = TypeVar("H", bound=HasVisits)
Handle = Callable[[H, Request], Awaitable[Response]]


def with_forged_page(handle: Handle[H]) -> Handle[H]:
    """A handler that answers a form that is not the page's own with a page in the phone's language."""

    @wraps(handle)
    async def handled(self: H, request: Request) -> Response:
        try:
            return await handle(self, request)
        except RequestError as error:
            if error.kind is not ErrorKind.FORGED:
                raise
            texts = self._visits.texts_of(request)
            return html_response(texts, texts.forged_title, paragraph(texts.forged), error.kind.status)

    return handled


def forged() -> RequestError:
    return RequestError(ErrorKind.FORGED, "the form does not come from the page, or the page was open for too long")
