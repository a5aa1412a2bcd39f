"""The counting job in Footpath's shell with a minimal core: no Avro and no brand, but every guarantee of the shell.

As in a worker, batches come through Faust, effects are published before the commit, state and offsets are committed in
one fenced transaction, and there are a store and a dedup window. Only the codec is simpler than the real one, because
the other programs have none. A further last argument names the store: rocksdb or memory.
"""

import asyncio
import sys
from typing import Any

import msgspec
import uvloop

from processors.gc_policy import collect_rarely
from processors.shell.agent import Worker
from processors.shell.local_delivery import LocalDelivery
from processors.shell.settings import WorkerSettings
from processors.step import Emit, Processor, Step
from schemas.events import Event
from schemas.topics import BY_NAME, PARTITIONS, Topic
from tests.bench.baselines.count_job import BATCH_ROWS, COMMIT_S, LINGER_MS, Job, counted, read_job

ID = slice(0, 36)
KEY = slice(36, 47)


class CountedRecord(Event, frozen=True, kw_only=True):
    """A record of the source and of the sink topic."""

    key: str
    value: bytes


class KeyCount(msgspec.Struct, frozen=True, array_like=True):
    """The state of a key."""

    count: int


class PlainTopicCodec:
    def decode(self, value: bytes) -> CountedRecord:
        return CountedRecord(event_id=value[ID].decode(), occurred_at=0, key=value[KEY].decode(), value=value)


class PlainCodec:
    """Replaces the Avro codec: fields at fixed positions of the value."""

    def __init__(self, sink: Topic) -> None:
        self._sink = sink
        self._of_topic = PlainTopicCodec()

    def of(self, topic: Topic) -> PlainTopicCodec:
        return self._of_topic

    def record(self, event: CountedRecord) -> tuple[Topic, bytes, bytes, list[Any]]:
        return self._sink, event.key.encode(), event.value, []


def step(state: KeyCount | None, event: CountedRecord, reference: None) -> Step[KeyCount]:
    count = (state.count if state is not None else 0) + 1
    record = CountedRecord(event_id=event.event_id, occurred_at=0, key=event.key, value=counted(event.value, count))
    return Step(KeyCount(count), (Emit(record),))


def topic_of(name: str) -> Topic:
    """A topic of this bench, added to the topic registry of this process."""
    noun = name.removeprefix("footpath.").removesuffix(".v1")
    topic = Topic(noun, CountedRecord, lambda event: event.key, "key", written_by=(), read_by=())
    assert topic.name == name
    BY_NAME[name] = topic
    return topic


async def run(job: Job, store: str) -> None:
    source, sink = topic_of(job.source), topic_of(job.sink)
    processor = Processor(
        name=job.group,
        sources=(source,),
        emits=(sink,),
        state=KeyCount,
        step=step,
        merge=lambda winner, loser: Step(winner or loser),
        erase=lambda state: (),
        linger_ms=LINGER_MS,
    )
    settings = WorkerSettings(
        kafka=job.kafka,
        data=job.folder,
        partitions=PARTITIONS,
        store=store,
        batch_rows=BATCH_ROWS,
        commit_interval_ms=int(COMMIT_S * 1000),
    )
    worker = Worker(settings, processor, "bench", PlainCodec(sink), lambda: None, LocalDelivery())  # type: ignore[arg-type]
    collect_rarely()
    await worker.start()
    await worker.failed


if __name__ == "__main__":
    store = sys.argv.pop()
    uvloop.install()
    asyncio.run(run(read_job(), store))
