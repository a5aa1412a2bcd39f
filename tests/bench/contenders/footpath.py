"""The real shell with the smallest core: no Avro, no brand, all of its promises.

What is around a core is here as in a worker: batches through Faust, effects first, state and offsets in one fenced
transaction, a store, a window of ids against duplicates. The codec alone is plainer than the real one, because the
others have none. The last argument says where state rests: rocksdb or memory.
"""

import asyncio
import sys
from typing import Any

import msgspec
import uvloop

from processors.garbage import collect_rarely
from processors.shell.agent import Worker
from processors.shell.handover import Handover
from processors.shell.settings import WorkerSettings
from processors.step import Emit, Processor, Step
from schemas.events import Event
from schemas.topics import BY_NAME, Topic
from tests.bench.contenders.job import BATCH_ROWS, COMMIT_S, LINGER_MS, Job, counted, read_job

ID = slice(0, 36)
KEY = slice(36, 47)


class Passed(Event, frozen=True, kw_only=True):
    """A record as it comes and as it goes."""

    key: str
    value: bytes


class Counted(msgspec.Struct, frozen=True, array_like=True):
    """The state of a key."""

    count: int


class PlainTopicCodec:
    def decode(self, value: bytes) -> Passed:
        return Passed(event_id=value[ID].decode(), occurred_at=0, key=value[KEY].decode(), value=value)


class PlainCodec:
    """In place of Avro's: text at fixed places."""

    def __init__(self, sink: Topic) -> None:
        self._sink = sink
        self._of_topic = PlainTopicCodec()

    def of(self, topic: Topic) -> PlainTopicCodec:
        return self._of_topic

    def record(self, event: Passed) -> tuple[Topic, bytes, bytes, list[Any]]:
        return self._sink, event.key.encode(), event.value, []


def step(state: Counted | None, event: Passed, world: None) -> Step[Counted]:
    count = (state.count if state is not None else 0) + 1
    passed = Passed(event_id=event.event_id, occurred_at=0, key=event.key, value=counted(event.value, count))
    return Step(Counted(count), (Emit(passed),))


def topic_of(name: str) -> Topic:
    """A topic of this bench, known to the registry of this process."""
    noun = name.removeprefix("footpath.").removesuffix(".v1")
    topic = Topic(noun, Passed, lambda event: event.key, "key", written_by=(), read_by=())
    assert topic.name == name
    BY_NAME[name] = topic
    return topic


async def run(job: Job, store: str) -> None:
    source, sink = topic_of(job.source), topic_of(job.sink)
    processor = Processor(
        name=job.group,
        sources=(source,),
        state=Counted,
        step=step,
        merge=lambda winner, loser: Step(winner or loser),
        erase=lambda state: (),
        linger_ms=LINGER_MS,
    )
    settings = WorkerSettings(
        kafka=job.kafka,
        data=job.folder,
        store=store,
        batch_rows=BATCH_ROWS,
        commit_interval_ms=int(COMMIT_S * 1000),
    )
    worker = Worker(settings, processor, "bench", PlainCodec(sink), lambda: None, Handover())  # type: ignore[arg-type]
    collect_rarely()
    await worker.start()
    await worker.failed


if __name__ == "__main__":
    how = sys.argv.pop()
    uvloop.install()
    asyncio.run(run(read_job(), how))
