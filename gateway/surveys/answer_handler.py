"""``POST /answer``: somebody answers the question of their page.

The form's token shows that this question was on a page of this device today or yesterday, on the page of this tag. The
answer is an event like that of any sender, checked and cleaned by the same steps.
"""

from datetime import UTC, datetime
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway.brand.live import BrandView
from gateway.events_api.draft import Sender
from gateway.events_api.errors import ValidationError
from gateway.events_api.validate import validate
from gateway.http.errors import ErrorKind, RequestError
from gateway.http.languages import language_of
from gateway.http.responses import RawResponse
from gateway.landing.live_address import LiveAddresses
from gateway.landing.page import Page
from gateway.landing.words import words_of
from gateway.privacy.form_guard import FormGuard, forged, with_forged_page
from gateway.privacy.tokens import Tokens
from gateway.privacy.visit import Visit, Visits
from gateway.publish.publisher import Publisher
from gateway.publish.spool import SpoolFull
from gateway.scan.page_response import page_response
from gateway.scan.touchpoint import SOURCE
from schemas.content import Content, written
from schemas.events import TouchpointRecorded
from schemas.surveys.answers import ANSWER, ANSWERED, QUESTION, SURVEY, question_of

_encode = msgspec.json.Encoder().encode


class AnswerHandler:
    """:param base: path of the address that phones reach the gateway at."""

    def __init__(
        self, visits: Visits, guard: FormGuard, tokens: Tokens, publisher: Publisher, live: LiveAddresses, base: str
    ) -> None:
        self._visits = visits
        self._guard = guard
        self._tokens = tokens
        self._publisher = publisher
        self._live = live
        self._base = base

    @with_forged_page
    async def answer(self, request: Request) -> Response:
        """200 and thanks: Kafka or the spool has the answer; what it earns appears on the page.

        :raises RequestError: ADDRESS_RATE, NO_BRAND, FORGED, INVALID, NOT_STORED; or as `FormGuard.fields`.
        """
        visit = self._visits.admit(request)
        fields = await self._guard.own_fields(request, visit.client)
        tag, survey, question = (fields.get(name, "") for name in ("tag", SURVEY, QUESTION))
        asked = f"{visit.device}\0{tag}\0{survey}\0{question}"
        if not visit.device or not self._tokens.is_form(fields.get("token", ""), asked, visit.now_s):
            raise forged()
        try:
            event = _event(visit, tag, survey, question, fields.get(ANSWER, ""))
        except ValidationError as error:
            raise RequestError(ErrorKind.INVALID, str(error)) from None
        try:
            await self._publisher.publish([event])
        except SpoolFull:
            raise RequestError(ErrorKind.NOT_STORED, "this cannot be stored right now", retry_after_s=5) from None
        thanks = self._thanks(visit, event, request)
        found = Response(thanks.body, thanks.status)
        found.raw_headers = thanks.headers
        return found

    def _thanks(self, visit: Visit, event: TouchpointRecorded, request: Request) -> RawResponse:
        brand_view, headers = visit.brand_view, request.scope["headers"]
        language = language_of(headers, brand_view.languages)
        page = Page(
            words_of(language).thanks,
            "",
            visit.brand_name,
            _back(brand_view, event.tag),
            written(Content("know", language)),
        )
        live = partial(self._live.address, event.event_id, visit.device, now_s=visit.now_s)
        return page_response(brand_view, page, self._base, live, headers, [])


def _back(brand_view: BrandView, tag: str) -> str:
    """Where the button leads: the tag's fallback, which any phone may be sent to."""
    known = brand_view.brand.tags.get(tag)
    return brand_view.brand.about.fallback if known is None else brand_view.brand.fallback_of(known)


def _event(visit: Visit, tag: str, survey: str, question: str, answer: str) -> TouchpointRecorded:
    """The answer as an event. :raises ValidationError: the brand has no such question, or the answer is none."""
    known = question_of(visit.brand_view.brand, survey, question)
    if known is None:
        raise ValidationError(QUESTION, "is none of the brand's any more")
    stated = {
        "type": known.event_type,
        "occurred_at": datetime.fromtimestamp(visit.now_s, UTC).isoformat(),
        "identifiers": [{"type": "device", "value": visit.device}],
        "tag": tag,
        "properties": {SURVEY: survey, QUESTION: question, ANSWER: answer},
    }
    sender = Sender(SOURCE, ANSWERED, namespace="", gpc=visit.gpc)
    event = validate(_encode(stated), sender, visit.brand_view, visit.now).event
    assert isinstance(event, TouchpointRecorded)
    return event
