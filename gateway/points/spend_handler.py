"""``POST /v1/points/spend``: a till spends points of the person at hand; the stream decides.

The redemption is an event as any other, with the redemption's id, and its entries of the ledger are the answer. Whoever
lost the answer asks again with the same id: intake passes the same event on once more, and the account answers as at
first. Nothing goes to the spool: nobody waits at a till for hours.
"""

import asyncio
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway.brand.live import BrandView, LiveBrand
from gateway.events_api.draft import Sender
from gateway.events_api.errors import ValidationError
from gateway.events_api.validate import validate
from gateway.http.admission import AdmissionLimit
from gateway.http.body import BodyMemory, read_body
from gateway.http.errors import ErrorKind, RequestError
from gateway.http.keys import program_key
from gateway.http.responses import json_response
from gateway.identifiers.links import ValueLinks
from gateway.live.rewards import PostedRewards
from gateway.publish.clock import Clock
from gateway.publish.publisher import NotInKafka, Publisher
from schemas import kinds
from schemas.brand.model import ApiKey
from schemas.events import RewardPosted, TouchpointReceived
from schemas.identifiers.named import Named
from schemas.reasons import RefusalReason, RejectReason

WAIT_S: Final = 5.0
MAX_WAITING: Final = 2_000
MAX_BODY_BYTES: Final = 16 * 1024
MAX_BODIES_BYTES: Final = 16 << 20
KNOWN: Final = 20_000
"""Redemptions whose content is remembered, to answer another content under the same id at once."""
REFUSED: Final = 409


class SpendInput(msgspec.Struct, forbid_unknown_fields=True):
    """``points`` of whoever the ``identifier`` is of. ``redemption_id`` is the sender's, unique in its namespace."""

    redemption_id: str
    identifier: dict[str, str]
    points: int
    store: str = ""


class SpendHandler:
    """Answers keys with the scope ``events:till`` that are not public."""

    def __init__(
        self, brand: LiveBrand, publisher: Publisher, rewards: PostedRewards, links: ValueLinks, clock: Clock
    ) -> None:
        self._brand = brand
        self._publisher = publisher
        self._rewards = rewards
        self._links = links
        self._clock = clock
        self._memory = BodyMemory(MAX_BODIES_BYTES, MAX_BODY_BYTES, MAX_WAITING)
        self._waiting = AdmissionLimit(MAX_WAITING)
        self._known: OrderedDict[str, str] = OrderedDict()

    async def points_spend(self, request: Request) -> Response:
        """200 with what was spent and what is left; 409 where the person has not as many, or where the redemption's id
        was used for something else.

        :raises RequestError: NO_BRAND, NO_KEY, NO_TILL_SCOPE, ORIGIN, SATURATED, BODY, INVALID, what ``read_body``
            raises; NOT_IN_KAFKA or NO_ANSWER_YET: nobody knows yet, the till asks again with the same id.
        """
        brand_view = self._brand.view()
        key = _authorised(request, brand_view)
        if self._waiting.full:
            raise RequestError(ErrorKind.SATURATED, "too many requests are waiting", retry_after_s=1)
        with self._waiting, self._memory.of(key.id) as held:
            body = await read_body(request, MAX_BODY_BYTES, held)
            asked, event, named = self._event(body, key, brand_view)
            if self._known.setdefault(event.event_id, event.content) != event.content:
                return json_response(
                    REFUSED, _refusal(asked, RejectReason.CONFLICT, "This redemption_id was used for something else.")
                )
            while len(self._known) > KNOWN:
                self._known.popitem(last=False)
            return await self._answer(asked, event, named, brand_view)

    def _event(
        self, body: bytes, key: ApiKey, brand_view: BrandView
    ) -> tuple[SpendInput, TouchpointReceived, tuple[Named, ...]]:
        """The redemption as an event. Its content is what is asked of whom, not when."""
        try:
            asked = msgspec.json.decode(body, type=SpendInput)
        except msgspec.ValidationError as error:
            raise RequestError(ErrorKind.INVALID, str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise RequestError(ErrorKind.BODY, "the body is no JSON object") from None
        raw = msgspec.json.encode(
            {
                "event_id": asked.redemption_id,
                "type": kinds.POINTS_SPENT,
                "occurred_at": self._now_text(),
                "identifiers": [asked.identifier],
                "properties": {"points": asked.points},
                **({"store": asked.store} if asked.store else {}),
            }
        )
        sender = Sender(key.id, frozenset((kinds.POINTS_SPENT,)), namespace=key.id_namespace)
        try:
            accepted = validate(raw, sender, brand_view, self._clock.now_us())
        except ValidationError as error:
            raise RequestError(ErrorKind.INVALID, str(error)) from None
        event = accepted.event
        assert isinstance(event, TouchpointReceived)
        said = msgspec.json.encode((asked.points, asked.store, event.identifiers))
        event = msgspec.structs.replace(event, content=brand_view.pseudonyms.digest(said))
        return asked, event, accepted.named

    async def _answer(
        self, asked: SpendInput, event: TouchpointReceived, named: tuple[Named, ...], brand_view: BrandView
    ) -> Response:
        links = self._links.events(list(named), brand_view, self._clock.now_us())
        with self._rewards.listener(event.event_id) as entries:
            try:
                async with asyncio.timeout(WAIT_S):
                    await self._publisher.publish_to_kafka([*links, event])
                    self._links.published(links)
                    return await self._decided(asked, entries)
            except NotInKafka:
                raise RequestError(
                    ErrorKind.NOT_IN_KAFKA, "Kafka is unavailable: ask again with the same redemption_id", 2
                ) from None
            except TimeoutError:
                raise RequestError(
                    ErrorKind.NO_ANSWER_YET, "the answer has not come: ask again with the same redemption_id", 1
                ) from None

    async def _decided(self, asked: SpendInput, entries: "asyncio.Queue[RewardPosted]") -> Response:
        """The answer, once all entries of the redemption are there: it has one for each lot."""
        spent: dict[str, int] = {}
        while True:
            entry = await entries.get()
            if entry.kind == "refused":
                error = f"The person has {entry.balance} points that can be spent."
                return json_response(REFUSED, _refusal(asked, RefusalReason.NOT_ENOUGH, error, entry.balance))
            if entry.kind != "spent":
                continue
            spent[entry.event_id] = -entry.points
            if sum(spent.values()) == asked.points:
                return json_response(
                    200, {"redemption_id": asked.redemption_id, "points": asked.points, "balance": entry.balance}
                )

    def _now_text(self) -> str:
        return datetime.fromtimestamp(self._clock.now_us() / 1_000_000, UTC).isoformat()


def _refusal(asked: SpendInput, reason: str, error: str, balance: int | None = None) -> dict[str, object]:
    found: dict[str, object] = {"redemption_id": asked.redemption_id, "reason": reason, "error": error}
    return found if balance is None else found | {"balance": balance}


def _authorised(request: Request, brand_view: BrandView) -> ApiKey:
    """:raises RequestError: NO_KEY, NO_TILL_SCOPE, ORIGIN."""

    def allows(key: ApiKey) -> bool:
        return not key.is_public and not {kinds.TILL, kinds.WRITE}.isdisjoint(key.scopes)

    refusal = RequestError(ErrorKind.NO_TILL_SCOPE, f"this key has no scope for points: {kinds.TILL}")
    return program_key(request, brand_view.brand.api_keys, allows, refusal, "spend points")
