"""``/privacy/link``: what concerns the whole person, by a link that is sent to an address and works once.

The answer to whoever asks for a link is the same for every address: the gateway does not know who is known. Opening a
link consumes nothing, as programs that preview messages open it; a button does. The request's id follows from the
link, so a second use finds the first one, at whichever gateway.
"""

import time
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.http.errors import ErrorKind, RequestError
from gateway.privacy import page_parts as html
from gateway.privacy.answers import ERASE, EXPORT, Answers
from gateway.privacy.form_guard import TOKEN, FormGuard, forged, with_forged_page
from gateway.privacy.letters import Letter, Letters
from gateway.privacy.page_handler import request_cookie, see_other
from gateway.privacy.parts import Parts
from gateway.privacy.per_hour import PerHour
from gateway.privacy.request_ids import RequestIds
from gateway.privacy.submission import PAGE, PERSON, PrivacyRequest, Submission
from gateway.privacy.tokens import Link, Tokens
from gateway.privacy.visit import Visit, Visits
from schemas.identifiers.normalise import InvalidIdentifier
from schemas.identifiers.types import is_blocked

LINKS_AN_ADDRESS: Final = 3
LINKS_A_CLIENT: Final = 20
"""An hour; a whole shop shares one client address."""
MAX_ADDRESS_CHARS: Final = 256


class LinkHandler:
    """:param public_url: base of the links, which no request decides; empty: there are none.

    :param base: its path. :param letters: None where there is no mail server.
    """

    def __init__(
        self,
        visits: Visits,
        guard: FormGuard,
        tokens: Tokens,
        submission: Submission,
        answers: Answers,
        parts: Parts,
        ids: RequestIds,
        letters: Letters | None,
        public_url: str,
        base: str,
    ) -> None:
        self._visits = visits
        self._guard = guard
        self._tokens = tokens
        self._submission = submission
        self._answers = answers
        self._parts = parts
        self._ids = ids
        self._letters = letters
        self._public_url = public_url
        self._base = f"{base}/privacy"
        self._of_address = PerHour(LINKS_AN_ADDRESS)
        self._of_client = PerHour(LINKS_A_CLIENT)
        self._in_use: set[str] = set()
        """Requests that are on their way to Kafka."""

    @with_forged_page
    async def privacy_send_link(self, request: Request) -> Response:
        """200, whatever the address is.

        :raises RequestError: FORGED, ADDRESS_RATE, or NO_REQUEST: the page sends no links.
        """
        visit = self._visits.admit(request)
        if self._letters is None or not self._public_url:
            raise RequestError(ErrorKind.NO_REQUEST, "this page sends no links")
        fields = await self._guard.fields(request, visit.client, visit.device, visit.now_s)
        if wait_s := self._of_client.take(visit.client, time.monotonic()):
            raise RequestError(ErrorKind.ADDRESS_RATE, "too many links were asked for from this address", wait_s)
        letter = self._letter(visit, fields.get("address", ""))
        if letter is not None:
            self._letters.send(letter)
        texts = visit.texts
        body = f'<div role="status">{html.paragraph(texts.sent)}</div>' + html.link(self._base, texts.back, quiet=True)
        return html.html_response(texts, texts.sent_title, body)

    async def privacy_link(self, request: Request) -> Response:
        """200 and what the link is for; 410 where it has ended."""
        visit = self._visits.admit(request)
        link = self._valid(visit, request.path_params["link"])
        if link is None:
            return self._ended(visit)
        texts, here = visit.texts, f"{self._base}/link/{request.path_params['link']}"
        token = self._token(visit)
        body = (
            html.paragraph(texts.link_text.format(brand=visit.brand_name))
            + html.form(here, {"action": EXPORT, **token}, html.button(texts.export_person))
            + html.form(here, {"action": "sure", **token}, html.button(texts.erase_person))
        )
        return html.html_response(texts, texts.link_title, body)

    @with_forged_page
    async def privacy_use_link(self, request: Request) -> Response:
        """303 to the request that the link was used for; 200 and a question before an erasure; 410 where it has ended.

        :raises RequestError: FORGED or NOT_IN_KAFKA, then the link still works.
        """
        visit = self._visits.admit(request)
        fields = await self._guard.fields(request, visit.client, visit.device, visit.now_s)
        link = self._valid(visit, request.path_params["link"])
        if link is None:
            return self._ended(visit)
        match fields.get("action"):
            case "sure":
                return self._ask(visit, f"{self._base}/link/{request.path_params['link']}")
            case "export":
                self._parts.check_key()
                return await self._use(visit, link, EXPORT)
            case "erase":
                return await self._use(visit, link, ERASE)
            case _:
                raise forged()

    async def _use(self, visit: Visit, link: Link, action: str) -> Response:
        request_id = self._id(link)
        # Somebody who was erased after the link was sent is another one.
        identifier = visit.brand_view.pseudonyms.living(link.identifier)
        request = PrivacyRequest(request_id, action, PERSON, (identifier,), PAGE, visit.now)
        self._in_use.add(request_id)
        try:
            await self._submission.submit(request)
        finally:
            self._in_use.discard(request_id)
        cookie = request_cookie(self._tokens, request_id, visit, self._base)
        return see_other(f"{self._base}/requests/{request_id}", [cookie])

    def _letter(self, visit: Visit, address: str) -> Letter | None:
        """The letter to an address; None where it is none, or has had enough of them."""
        address = address.strip()
        try:
            identifier = visit.brand_view.pseudonyms.identifier("email", address[:MAX_ADDRESS_CHARS], visit.now)
        except InvalidIdentifier:
            return None
        if is_blocked(identifier) or not address.isascii() or not address.isprintable():
            return None
        if self._of_address.take(identifier, time.monotonic()):
            return None
        link = f"{self._public_url}/privacy/link/{self._tokens.link(identifier, visit.now_s)}"
        texts, name = visit.texts, visit.brand_name
        return Letter(
            address, texts.subject.format(brand=name), texts.letter.format(brand=name, link=link), texts.language
        )

    def _valid(self, visit: Visit, token: str) -> Link | None:
        """A link that nobody has used. :raises RequestError: NOT_IN_KAFKA: that cannot be known yet."""
        link = self._tokens.read_link(token, visit.now_s)
        if link is None:
            return None
        if not self._answers.caught_up:
            raise RequestError(ErrorKind.NOT_IN_KAFKA, "earlier requests are still being read", retry_after_s=2)
        request_id = self._id(link)
        return link if request_id not in self._in_use and self._answers.get(request_id) is None else None

    def _id(self, link: Link) -> str:
        return self._ids.of(link.nonce, "link")

    def _token(self, visit: Visit) -> dict[str, str]:
        return {TOKEN: self._tokens.form(visit.device, visit.now_s)}

    def _ask(self, visit: Visit, here: str) -> Response:
        texts = visit.texts
        sure = html.form(here, {"action": ERASE, **self._token(visit)}, html.button(texts.sure))
        body = html.paragraph(texts.sure_person) + sure + html.link(here, texts.back, quiet=True)
        return html.html_response(texts, texts.sure_title, body)

    def _ended(self, visit: Visit) -> Response:
        body = html.paragraph(visit.texts.used) + html.link(self._base, visit.texts.back, quiet=True)
        return html.html_response(visit.texts, visit.texts.used_title, body, ErrorKind.USED_LINK.status)
