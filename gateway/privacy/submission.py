"""A request about data on its way to Kafka: one record for each identifier, and one that it is being worked on."""

from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.http.errors import ErrorKind, RequestError
from gateway.privacy.answers import CONSENT, CONTENT, DONE, NOBODY, UNKNOWN, WORKING, Answer, Answers
from gateway.publish.publisher import NotInKafka, Publisher
from schemas.events import Event, PrivacyAnswered, PrivacyRequested
from schemas.ids import derived

DEVICE: Final = "device"
PERSON: Final = "person"
PAGE: Final = "page"
"""The source of what the privacy page sends."""
_encode = msgspec.json.Encoder(order="sorted").encode


class PrivacyRequest(msgspec.Struct, frozen=True):
    """What somebody asks for. ``unknown`` are types that the brand does not know, each with a keyed hash of type and
    value; ``content`` is a keyed hash of all that was asked for; ``at`` is its time in microseconds."""

    request_id: str
    action: str
    scope: str
    identifiers: tuple[str, ...]
    source: str
    at: int
    unknown: tuple[tuple[str, str], ...] = ()
    content: str = ""


def events_of(request: PrivacyRequest) -> list[PrivacyRequested]:
    """The records of a request: the same for the same. Statements of consent have none, they are events."""
    if request.action == CONSENT:
        return []
    return [
        PrivacyRequested(
            event_id=derived("privacy-requested", request.request_id, str(number)),
            request_id=request.request_id,
            action=request.action,
            scope=request.scope,
            identifier=identifier,
            number=number,
            of=len(request.identifiers),
            source=request.source,
            occurred_at=request.at,
        )
        for number, identifier in enumerate(request.identifiers)
    ]


def answer_of(request: PrivacyRequest) -> PrivacyAnswered:
    """What the gateway itself says of a request: it is being worked on, nobody is named by it, or it is done."""
    status = NOBODY if not request.identifiers else DONE if request.action == CONSENT else WORKING
    unknown = [{"type": kind, "digest": digest} for kind, digest in request.unknown]
    detail = ({UNKNOWN: unknown} if unknown else {}) | ({CONTENT: request.content} if request.content else {})
    return PrivacyAnswered(
        event_id=derived("privacy-answered", request.request_id, "0", status),
        request_id=request.request_id,
        action=request.action,
        status=status,
        detail=_encode(detail).decode(),
        occurred_at=request.at,
    )


class Submission:
    """Publishes requests. A request is acknowledged when Kafka has it, and never before: there is no spool for it."""

    def __init__(self, publisher: Publisher, answers: Answers) -> None:
        self._publisher = publisher
        self._answers = answers

    async def submit(self, request: PrivacyRequest, beside: Sequence[Event] = ()) -> Answer:
        """How far the request has come, once Kafka has it. One that was made before is not made again; of one that is
        still worked on the records are published once more, as Kafka may have had some of them alone.

        :param beside: events that belong to it.
        :raises RequestError: NOT_IN_KAFKA, or OTHER_REQUEST where another request was made under its id.
        """
        if not self._answers.caught_up:
            raise RequestError(ErrorKind.NOT_IN_KAFKA, "earlier requests are still being read", retry_after_s=2)
        known = self._answers.get(request.request_id)
        if known is not None and (
            known.action != request.action or (known.content and known.content != request.content)
        ):
            raise RequestError(ErrorKind.OTHER_REQUEST, "another request was made under this request_id")
        if known is not None and known.is_final:
            return known
        events: list[Event] = [*events_of(request), *beside]
        answer = answer_of(request)
        try:
            await self._publisher.publish_to_kafka(events if known is not None else [*events, answer])
        except NotInKafka:
            raise RequestError(
                ErrorKind.NOT_IN_KAFKA, "Kafka is unavailable: nothing of this request is acknowledged", retry_after_s=5
            ) from None
        # The topic says the same in a moment; until then the next request of this client has to find it.
        self._answers.apply(answer)
        found = self._answers.get(request.request_id)
        assert found is not None
        return found
