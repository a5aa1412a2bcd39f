"""The topic event-replayed: a ledger of replays, with one writer at a time, that no reject enters twice."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced

from deploy.operate.replay.topic_reader import events_of
from deploy.operate.send_event import send_event
from schemas.codec.avro import Codec
from schemas.events import EventRejected, EventReplayed
from schemas.ids import derived
from schemas.kafka.client_options import client_options
from schemas.kafka.client_settings import Kafka
from schemas.kafka.lost_producer import is_expired
from schemas.process.errors import OperatorError
from schemas.topics import EVENT_REPLAYED, MAX_RECORD_BYTES, with_prefix

TRANSACTIONAL_ID = "footpath-replay-rejected"
FENCED = (
    "another `footpath replay rejected` has started and continues from here, or Kafka stood still for too long; "
    "this one has stopped"
)


class Ledger:
    """``done`` are the ids of rejects that were replayed."""

    def __init__(self, kafka: Kafka, codec: Codec) -> None:
        self._kafka = kafka
        self._codec = codec
        self._producer: AIOKafkaProducer | None = None
        self.done: set[str] = set()

    async def open(self) -> None:
        """Makes this process the one writer, then reads what is done: nobody else adds to it behind that end."""
        await self.close()
        self._producer = AIOKafkaProducer(
            **client_options(self._kafka),
            transactional_id=with_prefix(TRANSACTIONAL_ID),
            max_request_size=MAX_RECORD_BYTES,
        )
        await self._producer.start()
        self.done |= await read_done(self._kafka, self._codec)

    async def close(self) -> None:
        if self._producer is not None:
            await self._producer.stop()

    async def record(self, entries: Sequence[EventReplayed]) -> None:
        """Writes all of the entries or none of them. :raises OperatorError: another replay has started since."""
        if not entries:
            return
        try:
            await self._write(entries)
        except ProducerFenced:
            raise OperatorError(FENCED) from None
        except KafkaError as error:
            if self._producer is None or not is_expired(error, self._producer):
                raise
            # The page took longer than Kafka remembers a producer that writes nothing.
            known = len(self.done)
            await self.open()
            if len(self.done) > known:
                raise OperatorError(FENCED) from None
            await self._write(entries)
        self.done.update(entry.reject_event_id for entry in entries)

    async def _write(self, entries: Sequence[EventReplayed]) -> None:
        assert self._producer is not None, "not open"
        partitions = len(await self._producer.partitions_for(EVENT_REPLAYED.name))
        async with self._producer.transaction():
            sent = []
            for entry in entries:
                sent.append(await send_event(self._producer, self._codec, entry, partitions))
            for one in sent:
                await one


def ledger_entry(reject: EventRejected, replayed_event_id: str, outcome: str, now: int) -> EventReplayed:
    """:param now: in microseconds."""
    return EventReplayed(
        event_id=derived("replayed", reject.event_id, replayed_event_id, outcome),
        occurred_at=now,
        reject_event_id=reject.event_id,
        replayed_event_id=replayed_event_id,
        outcome=outcome,
        stage=reject.stage,
        reason=reject.reason,
    )


async def read_done(kafka: Kafka, codec: Codec) -> set[str]:
    """Ids of the rejects that were replayed."""
    return {replayed.reject_event_id async for _, replayed in events_of(kafka, codec, EVENT_REPLAYED)}


@asynccontextmanager
async def open_ledger(kafka: Kafka, codec: Codec) -> AsyncIterator[Ledger]:
    """The ledger with this process as its one writer: from now on the broker refuses every other.

    :raises OperatorError: Kafka does not answer.
    """
    ledger = Ledger(kafka, codec)
    try:
        await ledger.open()
        yield ledger
    except KafkaError as error:
        raise OperatorError(
            f"FOOTPATH_KAFKA={kafka} does not answer or refuses: {error or type(error).__name__}"
        ) from error
    finally:
        await ledger.close()
