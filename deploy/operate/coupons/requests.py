"""What a command asks of coupons, as records of coupon-requested."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from deploy.operate.coupons.read_codes import ImportedCode
from deploy.operate.progress import ProgressView
from deploy.operate.send_event import send_event
from schemas.codec.avro import Codec
from schemas.coupons.codes import normalised
from schemas.events import CouponRequested
from schemas.ids import derived
from schemas.kafka.client_options import client_options
from schemas.kafka.client_settings import Kafka
from schemas.kafka.partition_counts import read_counts
from schemas.process.errors import OperatorError
from schemas.topics import COUPON_REQUESTED

AT_ONCE: Final = 2_000
SOURCE: Final = "footpath coupons"


class ImportProgress(ProgressView):
    """Codes that Kafka has."""

    def __init__(self, count: int) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        super().__init__("codes", count, columns, None)

    def show(self, done: int) -> None:
        self._update(f"{done} codes", completed=done)


async def import_codes(kafka: Kafka, codec: Codec, pool: str, codes: Sequence[ImportedCode]) -> None:
    """Returns when Kafka has every code. :raises OperatorError: it does not answer."""
    now = time.time_ns() // 1000
    events = [
        CouponRequested(
            event_id=derived("coupon import", pool, one.code),
            occurred_at=now,
            key=one.code,
            action="import",
            code=one.code,
            pool=pool,
            source=SOURCE,
            expires_at=one.expires_at,
        )
        for one in codes
    ]
    with ImportProgress(len(events)) as progress:
        await _send(kafka, codec, events, progress)


async def void_code(kafka: Kafka, codec: Codec, code: str, reason: str) -> None:
    """Returns when Kafka has the request. :raises OperatorError: it does not answer, or the code can be none."""
    found = normalised(code)
    if not found:
        raise OperatorError(f"{code!r} can be no code")
    event = CouponRequested(
        event_id=str(uuid4()),
        occurred_at=time.time_ns() // 1000,
        key=found,
        action="void",
        code=found,
        source=SOURCE,
        reason=reason,
    )
    await _send(kafka, codec, [event])


async def _send(
    kafka: Kafka, codec: Codec, events: Sequence[CouponRequested], progress: ImportProgress | None = None
) -> None:
    try:
        partitions = (await read_counts(kafka)).get(COUPON_REQUESTED.name, 0)
        if not partitions:
            raise OperatorError(f"{COUPON_REQUESTED.name} is not there: run `footpath topics apply`")
        async with AIOKafkaProducer(**client_options(kafka), acks="all", enable_idempotence=True) as producer:
            for start in range(0, len(events), AT_ONCE):
                chunk = events[start : start + AT_ONCE]
                await asyncio.gather(*[await send_event(producer, codec, event, partitions) for event in chunk])
                if progress is not None:
                    progress.show(start + len(chunk))
    except KafkaError as error:
        raise OperatorError(f"FOOTPATH_KAFKA: Kafka does not answer or refuses: {type(error).__name__}") from None
