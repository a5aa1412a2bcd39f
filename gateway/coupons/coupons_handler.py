"""``/v1/coupons/{code}/…``: what tills ask, decided by the stream.

Every code that could be one goes to the stream, whether it is well typed or not: a wrong one is answered as late as one
that was used. Nothing goes to the spool: a redemption that nobody waits for any more would use up a coupon.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, get_args
from uuid import uuid4

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway.brand.live import BrandView, LiveBrand
from gateway.coupons.inputs import parse_coupon_request
from gateway.coupons.misses import Misses
from gateway.coupons.pictures import Symbology, picture
from gateway.events_api.errors import ValidationError
from gateway.http.admission import AdmissionLimit
from gateway.http.body import BodyMemory, read_body
from gateway.http.errors import ErrorKind, RequestError
from gateway.http.keys import program_key
from gateway.http.responses import json_response
from gateway.metrics import Metrics
from gateway.publish.clock import Clock
from gateway.publish.publisher import NotInKafka, Publisher
from gateway.reply.pending import PendingReplies
from schemas import kinds
from schemas.brand.model import ApiKey
from schemas.coupons.codes import normalised
from schemas.events import CouponAnswered, CouponRequested
from schemas.reasons import CouponReason

WAIT_S: Final = 5.0
MAX_WAITING: Final = 2_000
MAX_BODY_BYTES: Final = 64 * 1024
MAX_BODIES_BYTES: Final = 16 << 20
NOT_FOUND: Final = 404
UNKNOWN: Final = {"reason": CouponReason.UNKNOWN_CODE, "error": "There is no coupon with this code."}


class CouponsHandler:
    """Answers keys with the scope ``events:till`` that are not public."""

    def __init__(
        self,
        brand: LiveBrand,
        publisher: Publisher,
        replies: PendingReplies[CouponAnswered],
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._brand = brand
        self._publisher = publisher
        self._replies = replies
        self._clock = clock
        self._metrics = metrics
        # Of its own: a chain's tills have one key, and wait for the stream.
        self._memory = BodyMemory(MAX_BODIES_BYTES, MAX_BODY_BYTES, MAX_WAITING)
        self._misses = Misses()
        self._waiting = AdmissionLimit(MAX_WAITING)

    def asks(self, action: str) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint of an action: reserve, redeem or release."""

        async def coupon(request: Request) -> Response:
            return await self._ask(request, action)

        coupon.__name__ = f"coupon_{action}"
        return coupon

    async def _ask(self, request: Request, action: str) -> Response:
        """200, or why not: 404, 409, 410, 422, each with its reason.

        :raises RequestError: NO_BRAND, NO_KEY, NO_TILL_SCOPE, ORIGIN, COUPON_RATE, SATURATED, INVALID, what
            ``read_body`` raises; NOT_IN_KAFKA or NO_ANSWER_YET: nobody knows yet, the till asks again.
        """
        brand_view = self._brand.view()
        key = _authorised(request, brand_view, kinds.TILL)
        now_s = time.monotonic()
        if wait_s := self._misses.wait_s(key.id, now_s):
            self._metrics.limited.labels("coupons").inc()
            raise RequestError(ErrorKind.COUPON_RATE, "too many unknown codes were tried", wait_s)
        if self._waiting.full:
            raise RequestError(ErrorKind.SATURATED, "too many requests are waiting", retry_after_s=1)
        with self._waiting, self._memory.of(key.id) as held:
            body = await read_body(request, MAX_BODY_BYTES, held)
            code = normalised(request.path_params["code"])
            asked = self._parsed(body, action, code or "0", key, brand_view)
            if not code:
                self._misses.count(key.id, now_s)
                return json_response(NOT_FOUND, UNKNOWN)
            answer = await self._answered(asked)
        self._metrics.coupons.labels(action, str(answer.status)).inc()
        if answer.status == NOT_FOUND:
            self._misses.count(key.id, time.monotonic())
        return Response(answer.body, answer.status, media_type="application/json")

    def _parsed(self, body: bytes, action: str, code: str, key: ApiKey, brand_view: BrandView) -> CouponRequested:
        try:
            return parse_coupon_request(body, action, code, key, brand_view, self._clock.now_us(), str(uuid4()))
        except ValidationError as error:
            raise RequestError(ErrorKind.INVALID, str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise RequestError(ErrorKind.BODY, "the body is no JSON object") from None

    async def _answered(self, asked: CouponRequested) -> CouponAnswered:
        reply = self._replies.expect(asked.request_id)
        try:
            if not self._replies.positioned:
                raise RequestError(ErrorKind.NOT_IN_KAFKA, "answers cannot be read at present", retry_after_s=2)
            waiting = msgspec.structs.replace(asked, reply_partition=self._replies.partition)
            async with asyncio.timeout(WAIT_S):
                await self._publisher.publish_to_kafka([waiting])
                return await reply
        except NotInKafka:
            raise RequestError(
                ErrorKind.NOT_IN_KAFKA, "Kafka is unavailable: ask again with the same redemption_id", retry_after_s=2
            ) from None
        except TimeoutError:
            raise RequestError(
                ErrorKind.NO_ANSWER_YET, "the answer has not come: ask again with the same redemption_id", 1
            ) from None
        finally:
            self._replies.forget(asked.request_id)

    async def coupon_picture(self, request: Request) -> Response:
        """The code as text or SVG. It says nothing of whether there is such a coupon.

        :raises RequestError: NO_BRAND, NO_KEY, NO_TILL_SCOPE, ORIGIN, NO_PICTURE.
        """
        _authorised(request, self._brand.view(), kinds.TILL, kinds.CRM)
        kind, code = request.path_params["kind"], normalised(request.path_params["code"])
        drawn = await asyncio.to_thread(picture, code, kind) if code and kind in get_args(Symbology) else None
        if drawn is None:
            raise RequestError(ErrorKind.NO_PICTURE, "no such picture: text, qr, code128; ean of an EAN")
        media_type = "text/plain" if kind == "text" else "image/svg+xml"
        return Response(drawn, media_type=media_type, headers={"Cache-Control": "private, max-age=300"})


def _authorised(request: Request, brand_view: BrandView, *scopes: str) -> ApiKey:
    """:raises RequestError: NO_KEY, NO_TILL_SCOPE, ORIGIN."""

    def allows(key: ApiKey) -> bool:
        return not key.is_public and not {*scopes, kinds.WRITE}.isdisjoint(key.scopes)

    refusal = RequestError(ErrorKind.NO_TILL_SCOPE, f"this key has no scope for coupons: {' or '.join(scopes)}")
    return program_key(request, brand_view.brand.api_keys, allows, refusal, "use coupons")
