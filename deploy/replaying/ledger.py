"""The topic event-replayed: what was replayed is not replayed again, and only one replay at a time may say so."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced

from deploy.errors import Refused
from deploy.replaying.reading import events_of
from schemas.codec import Codec
from schemas.events import EventRejected, EventReplayed
from schemas.ids import derived, partition_of
from schemas.topics import EVENT_REPLAYED, MAX_RECORD_BYTES

TRANSACTIONAL_ID = "footpath-replay-rejected"
FENCED = "another `footpath replay rejected` has started and goes on from here; this one has stopped"


class Ledger:
    """``done`` has the ids of rejects that need no replay any more."""

    def __init__(self, producer: AIOKafkaProducer, codec: Codec, partitions: int, done: set[str]) -> None:
        self._producer = producer
        self._codec = codec
        self._partitions = partitions
        self.done = done

    async def record(self, entries: Sequence[EventReplayed]) -> None:
        """All of the entries or none of them. :raises Refused: another replay has begun meanwhile."""
        if not entries:
            return
        try:
            async with self._producer.transaction():
                sent = []
                for entry in entries:
                    topic, key, value, headers = self._codec.record(entry)
                    number = partition_of(key.decode(), self._partitions)
                    sent.append(await self._producer.send(topic.name, value, key, number, headers=headers))
                for one in sent:
                    await one
        except ProducerFenced:
            raise Refused(FENCED) from None
        self.done.update(entry.reject_event_id for entry in entries)


def entry_of(reject: EventRejected, replayed_event_id: str, outcome: str, now: int) -> EventReplayed:
    """What to keep of a replay. :param now: in microseconds."""
    return EventReplayed(
        event_id=derived("replayed", reject.event_id, replayed_event_id, outcome),
        occurred_at=now,
        reject_event_id=reject.event_id,
        replayed_event_id=replayed_event_id,
        outcome=outcome,
        stage=reject.stage,
        reason=reject.reason,
    )


async def read_done(kafka: str, codec: Codec) -> set[str]:
    """Ids of the rejects that were replayed."""
    return {replayed.reject_event_id async for _, replayed in events_of(kafka, codec, EVENT_REPLAYED)}


@asynccontextmanager
async def fenced(kafka: str, codec: Codec) -> AsyncIterator[Ledger]:
    """The ledger, for this run alone: one that runs already cannot write to it from now on.

    Fenced first and read then: nothing is added behind the end that was read but by this run.
    """
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka,
        transactional_id=TRANSACTIONAL_ID,
        max_request_size=MAX_RECORD_BYTES,
    )
    try:
        await producer.start()
        done = await read_done(kafka, codec)
        yield Ledger(producer, codec, len(await producer.partitions_for(EVENT_REPLAYED.name)), done)
    except KafkaError as error:
        raise Refused(f"FOOTPATH_KAFKA={kafka} does not answer or refuses: {error or type(error).__name__}") from error
    finally:
        await producer.stop()
