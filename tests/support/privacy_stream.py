"""Stands in for what is behind the gateway when somebody asks for their data: identity, the processors and the sink."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from schemas.codec.avro import Codec
from schemas.events import Event, PrivacyAnswered, PrivacyRequested, ProfileErased
from schemas.ids import derived, person_of
from schemas.topics import PRIVACY_REQUESTED
from tests.support.reject_keys import protect

NOTHING: dict[str, Any] = {
    "identifiers": [],
    "summary": {
        "touchpoints": {"count": 0, "first": None, "last": None, "by_type": {}},
        "stores": [],
        "purchases": {"count": 0, "by_currency": {}},
        "rewards": {"balance": 0, "entries": 0},
        "decisions": {"count": 0},
    },
    "consents": [],
}

KNOWN: dict[str, Any] = NOTHING | {
    "summary": {
        "touchpoints": {
            "count": 12, "first": "2026-03-01T09:30:00Z", "last": "2026-10-03T18:00:00Z", "by_type": {"scan": 12},
        },
        "stores": ["<gone>", "mitte"],
        "purchases": {"count": 2, "by_currency": {"EUR": "12.50"}},
        "rewards": {"balance": 40, "entries": 3, "open_coupons": 2},
        "decisions": {"count": 9},
    },
    "consents": [
        {
            "purpose": "marketing", "channel": "sms", "kind": "choice", "after": "granted",
            "at": "2026-05-04T10:00:00Z", "policy_version": "1", "source": "till",
        }
    ],
}  # fmt: skip


def answer(request: PrivacyRequested, status: str = "done", parts: int = 0, **detail: Any) -> PrivacyAnswered:
    """The answer itself."""
    return PrivacyAnswered(
        event_id=derived("answer", request.request_id, status), request_id=request.request_id, action=request.action,
        status=status, parts=parts, detail=json.dumps(detail), occurred_at=request.occurred_at + 1,
    )  # fmt: skip


def data_parts(request: PrivacyRequested, data: dict[str, Any], count: int = 1) -> list[PrivacyAnswered]:
    """The data in so many parts, which make one compressed JSON text."""
    text = gzip.compress(json.dumps({"request_id": request.request_id, "scope": request.scope, **data}).encode())
    size = -(-len(text) // count)
    return [
        PrivacyAnswered(
            event_id=derived("part", request.request_id, str(part)), request_id=request.request_id,
            action=request.action, status="done", part=part, parts=count, occurred_at=request.occurred_at + 1,
            body=protect(text[(part - 1) * size : part * size]),
        )
        for part in range(1, count + 1)
    ]  # fmt: skip


def known(request: PrivacyRequested) -> list[Event]:
    """The answer with what is known."""
    return [*data_parts(request, KNOWN), answer(request, parts=1)]


def erased(request: PrivacyRequested) -> ProfileErased:
    """The erasure of the identifier that a request names."""
    profile = person_of(request.identifier)
    return ProfileErased(
        event_id=derived("erased", request.request_id), request_id=request.request_id, person_id=profile,
        source_profile_id=profile, identifier=request.identifier, occurred_at=request.occurred_at,
    )  # fmt: skip


async def publish(bootstrap: str, events: Sequence[Event]) -> None:
    """Writes events to their topics."""
    codec, producer = Codec(), AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        for event in events:
            topic, key, value, headers = codec.record(event)
            await producer.send_and_wait(topic.name, value, key, headers=headers)
    finally:
        await producer.stop()


async def remove_parts(bootstrap: str, request: PrivacyRequested, count: int = 1) -> None:
    """Tombstones, as the sink writes them after seven days."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        for part in range(1, count + 1):
            await producer.send_and_wait("footpath.privacy-answered.v1", None, f"{request.request_id}/{part}".encode())
    finally:
        await producer.stop()


@asynccontextmanager
async def answering(bootstrap: str, answers: Callable[[PrivacyRequested], Sequence[Event]]) -> AsyncIterator[None]:
    """Answers every request that is made from now on."""
    codec = Codec().of(PRIVACY_REQUESTED)
    consumer = AIOKafkaConsumer(PRIVACY_REQUESTED.name, bootstrap_servers=bootstrap, auto_offset_reset="latest")
    await consumer.start()
    await consumer.seek_to_end()

    async def answer_all() -> None:
        async for record in consumer:
            await publish(bootstrap, answers(codec.decode(record.value)))

    task = asyncio.create_task(answer_all())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        await consumer.stop()
