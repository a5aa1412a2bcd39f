"""``/v1/privacy/…``: requests about people's data from the brand's own servers."""

import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gateway.brand.live import BrandView, LiveBrand
from gateway.events_api.draft import Sender
from gateway.events_api.errors import ValidationError
from gateway.events_api.parse_values import parse_time
from gateway.events_api.validate import validate
from gateway.http.admission import AdmissionLimit
from gateway.http.body import BodyMemory, read_body
from gateway.http.errors import ErrorKind, RequestError
from gateway.http.keys import bearer, find_key
from gateway.http.rate_limits import TokenBuckets
from gateway.http.responses import json_response
from gateway.metrics import Metrics
from gateway.privacy.answers import CONSENT, DONE, ERASE, EXPORT, Answer, Answers
from gateway.privacy.inputs import Named, consent_events, named, parse_consent, parse_data
from gateway.privacy.parts import Parts
from gateway.privacy.request_ids import RequestIds
from gateway.privacy.submission import PERSON, PrivacyRequest, Submission
from gateway.publish.clock import Clock
from schemas import kinds
from schemas.brand.model import ApiKey
from schemas.events import Event

REQUESTS_PER_S: Final = 50
"""Of a key that the brand gives no rate of its own."""
MAX_BODY_BYTES: Final = 64 * 1024
MAX_BODIES_BYTES: Final = 4 << 20
ARRIVES_WITHIN_US: Final = 30_000_000
"""So long after its answer a part of the data may still be on its way to this gateway."""
FILE_NAME: Final = "personal-data.json"


class PrivacyApiHandler:
    """Only keys with the scope ``privacy`` get anything from it, and each of them its own requests alone."""

    def __init__(
        self,
        brand: LiveBrand,
        admission: AdmissionLimit,
        submission: Submission,
        answers: Answers,
        parts: Parts,
        ids: RequestIds,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._brand = brand
        self._admission = admission
        self._submission = submission
        self._answers = answers
        self._parts = parts
        self._ids = ids
        self._clock = clock
        self._metrics = metrics
        self._buckets = TokenBuckets(REQUESTS_PER_S)
        self._memory = BodyMemory(MAX_BODIES_BYTES, MAX_BODY_BYTES, 64)

    async def privacy_export(self, request: Request) -> Response:
        """202 and the id of a request for all data of a person."""
        self._authorise(request)
        self._parts.check_key()
        return await self._submit(request, EXPORT)

    async def privacy_erase(self, request: Request) -> Response:
        """202 and the id of a request to erase a person."""
        return await self._submit(request, ERASE)

    async def privacy_consent(self, request: Request) -> Response:
        """202 and the id of a request that is done: what a person allows is on its way."""
        brand_view, key, body = await self._received(request)
        now = self._clock.now_us()
        try:
            given = parse_consent(body)
            whom = named(given.identifiers, brand_view, now)
            if given.occurred_at is not None:
                parse_time(given.occurred_at, now)
            request_id = self._request_id(given.request_id, key)
            events = self._statements(consent_events(given, _rfc3339(now)), whom, request_id, brand_view, key, now)
        except ValidationError as error:
            raise _invalid(error) from None
        stated = msgspec.structs.replace(given, request_id=None)
        content = brand_view.pseudonyms.digest(msgspec.json.encode(stated))
        asked = PrivacyRequest(request_id, CONSENT, PERSON, whom.identifiers, key.id, now, whom.unknown, content)
        return _accepted(request_id, await self._submission.submit(asked, events))

    async def privacy_request(self, request: Request) -> Response:
        """200 and how far a request has come."""
        request_id, answer = self._found(request)
        state: dict[str, Any] = {
            "request_id": request_id,
            "action": answer.action,
            "status": answer.status,
            "at": _rfc3339(answer.at),
            "unknown": [{"type": kind} for kind in answer.unknown],
        }
        if answer.is_final:
            state["receipt"] = answer.receipt
        if answer.action == EXPORT and answer.status == DONE and answer.parts:
            state["data"] = f"/v1/privacy/requests/{request_id}/data"
        return json_response(200, state)

    async def privacy_data(self, request: Request) -> Response:
        """200 and the file of an export that is done."""
        request_id, answer = self._found(request)
        return await data_response(self._answers, self._parts, request_id, answer, self._clock.now_us())

    async def _submit(self, request: Request, action: str) -> Response:
        brand_view, key, body = await self._received(request)
        now = self._clock.now_us()
        try:
            given = parse_data(body)
            whom = named(given.identifiers, brand_view, now)
            request_id = self._request_id(given.request_id, key)
        except ValidationError as error:
            raise _invalid(error) from None
        content = brand_view.pseudonyms.digest("\0".join((*sorted(whom.identifiers), *map(str, whom.unknown))).encode())
        asked = PrivacyRequest(request_id, action, PERSON, whom.identifiers, key.id, now, whom.unknown, content)
        return _accepted(request_id, await self._submission.submit(asked))

    async def _received(self, request: Request) -> tuple[BrandView, ApiKey, bytes]:
        key = self._authorise(request)
        rate = key.events_per_s if key.events_per_s is not None else REQUESTS_PER_S
        wait_s = self._buckets.take(key.id, 1, time.monotonic(), rate)
        if wait_s:
            self._metrics.limited.labels("privacy").inc()
            raise RequestError(ErrorKind.KEY_RATE, f"this key may make {rate} requests a second", wait_s)
        if self._admission.full_for_batches:
            raise RequestError(ErrorKind.SATURATED, "too many requests are waiting", retry_after_s=1)
        with self._admission, self._memory.of(key.id) as held:
            return self._brand.view(), key, await read_body(request, MAX_BODY_BYTES, held)

    def _authorise(self, request: Request) -> ApiKey:
        """:raises RequestError: NO_BRAND, NO_KEY, NO_PRIVACY_SCOPE, or ORIGIN: a web page sends."""
        key = find_key(bearer(request.headers.get("authorization", "")), self._brand.view().brand.api_keys)
        if key is None:
            raise RequestError(ErrorKind.NO_KEY, "an API key is needed: Authorization: Bearer …")
        if kinds.PRIVACY not in key.scopes or key.is_public:
            raise RequestError(ErrorKind.NO_PRIVACY_SCOPE, "this key has no scope for requests about data: privacy")
        if "origin" in request.headers:
            raise RequestError(ErrorKind.ORIGIN, "web pages may not send requests about data: they show their key")
        return key

    def _request_id(self, given: str | None, key: ApiKey) -> str:
        """The id as the sender is told. Its own one is not taken as it is: another sender may have the same."""
        if given is None:
            return self._ids.fresh(_owner(key))
        canonical = self._ids.canonical(given, _owner(key))
        if canonical is not None:
            return canonical
        try:
            return self._ids.of(str(UUID(given)), _owner(key))
        except ValueError:
            raise ValidationError("request_id", "must be a UUID") from None

    def _found(self, request: Request) -> tuple[str, Answer]:
        """The request of a path. :raises RequestError: NO_REQUEST: it is not this key's, or there is none."""
        key = self._authorise(request)
        request_id = self._ids.canonical(request.path_params["id"], _owner(key))
        answer = None if request_id is None else self._answers.get(request_id)
        if request_id is None or answer is None:
            raise RequestError(ErrorKind.NO_REQUEST, "there is no such request of this key")
        return request_id, answer

    def _statements(
        self,
        inputs: list[dict[str, Any]],
        whom: Named,
        request_id: str,
        brand_view: BrandView,
        key: ApiKey,
        now: int,
    ) -> list[Event]:
        """The events of a request: none where nobody is left that the brand could know. :raises ValidationError"""
        if not whom.identifiers:
            return []
        sender = Sender(key.id, kinds.CONSENT, namespace=key.id_namespace)
        events: list[Event] = []
        for number, given in enumerate(inputs):
            known = [one for one in given["identifiers"] if one["type"] in brand_view.identifier_types]
            raw = msgspec.json.encode({**given, "identifiers": known, "event_id": f"{request_id}.{number}"})
            events.append(validate(raw, sender, brand_view, now).event)
        return events


async def data_response(answers: Answers, parts: Parts, request_id: str, answer: Answer, now: int) -> Response:
    """The file of an export, as it is read. :raises RequestError: NOT_DONE, DATA_GONE, NO_REJECT_KEY, NOT_IN_KAFKA."""
    if answer.action != EXPORT or answer.status != DONE:
        retry_after_s = 2 if answer.action == EXPORT and not answer.is_final else None
        raise RequestError(ErrorKind.NOT_DONE, "there is no data to this request, or not yet", retry_after_s)
    positions = answers.positions(request_id)
    if positions is None:
        if answer.parts and now - answer.at < ARRIVES_WITHIN_US:
            raise RequestError(ErrorKind.NOT_DONE, "the data is on its way", retry_after_s=2)
        raise RequestError(ErrorKind.DATA_GONE, "the data is not kept any more: make the request again")
    texts = parts.texts(positions, request_id)
    first = await anext(texts)  # what is wrong shows here, before the status is sent

    async def body() -> AsyncIterator[bytes]:
        async with aclosing(texts):
            yield first
            async for text in texts:
                yield text

    headers = {"Content-Disposition": f'attachment; filename="{FILE_NAME}"'}
    return StreamingResponse(body(), headers=headers, media_type="application/json")


def _owner(key: ApiKey) -> str:
    """Whose its requests are: the keys of one system, which have one namespace, take each other's place."""
    return f"key\0{key.id_namespace}"


def _accepted(request_id: str, answer: Answer) -> Response:
    unknown = [{"type": kind} for kind in answer.unknown]
    return json_response(202, {"request_id": request_id, "status": answer.status, "unknown": unknown})


def _invalid(error: ValidationError) -> RequestError:
    return RequestError(ErrorKind.INVALID if error.field else ErrorKind.BODY, str(error))


def _rfc3339(micros: int) -> str:
    return datetime.fromtimestamp(micros / 1_000_000, UTC).isoformat(timespec="microseconds")
