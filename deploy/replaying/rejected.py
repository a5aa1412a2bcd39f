"""`footpath replay rejected`: page by page, first out and acknowledged, then in the ledger of what was replayed."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer

from deploy.errors import Refused
from deploy.importing.lines import BATCH_BYTES, BATCH_EVENTS, Line
from deploy.importing.sender import Sender, build_session
from deploy.replaying.again import Judge, Publish, Send, Stays, Write
from deploy.replaying.ledger import Ledger, entry_of, fenced, read_done
from deploy.replaying.rejects import Rejects
from deploy.replaying.screen import Screen
from deploy.target import Target
from gateway.rejects import reject_id
from schemas.codec import Codec
from schemas.events import EventRejected, EventReplayed
from schemas.topics import MAX_RECORD_BYTES
from sinks.rows import Rows
from sinks.store.writer import Writer

GIVE_UP_AFTER_S = 60.0
WOULD = {Send: "would be sent", Publish: "would be published", Write: "would be stored"}
PUBLISHED, STORED, REFUSED = "published", "stored", "refused"
STAYS = "stays: "


@dataclass
class Told:
    """How many rejects of a stage and reason met which outcome."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def count(self, reject: EventRejected, outcome: str) -> None:
        self.counts[reject.stage, reject.reason, outcome] += 1

    @property
    def staying(self) -> int:
        """Rejects that are as they were."""
        return sum(count for (_, _, outcome), count in self.counts.items() if outcome.startswith(STAYS))


@dataclass
class Ways:
    """Where replayed events go. :param target: gives the gateway; asked for only when there is something for it."""

    sender: Callable[[], Sender]
    producer: AIOKafkaProducer
    writer: Writer


async def look(rejects: Rejects, judge: Judge, kafka: str, codec: Codec, limit: int | None) -> Told:
    """What a replay would do."""
    done = await read_done(kafka, codec)
    told = Told()
    for page in rejects.pages(done, limit):
        for reject in page:
            fate = judge.judge(reject)
            told.count(reject, f"{STAYS}{fate.reason}" if isinstance(fate, Stays) else WOULD[type(fate)])
    return told


async def replay(
    rejects: Rejects,
    judge: Judge,
    kafka: str,
    clickhouse: str,
    codec: Codec,
    target: Callable[[], Target],
    limit: int | None,
) -> Told:
    """Replays what can be used by now, each once.

    :raises Refused: another replay takes over, or the gateway or Kafka is away for too long; the next one goes on.
    """
    told = Told()
    async with fenced(kafka, codec) as ledger:
        there = rejects.count()
        with Screen("replay", "rejects", min(there, limit or there)) as screen:
            async with _ways(kafka, clickhouse, target, screen.say) as ways:
                seen = 0
                for page in rejects.pages(ledger.done, limit):
                    await _take(page, judge, ways, ledger, told)
                    seen += len(page)
                    screen.moved(seen)
    return told


@asynccontextmanager
async def _ways(
    kafka: str, clickhouse: str, target: Callable[[], Target], say: Callable[[str], None]
) -> AsyncIterator[Ways]:
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(build_session())
        producer = AIOKafkaProducer(
            bootstrap_servers=kafka, acks="all", enable_idempotence=True, max_request_size=MAX_RECORD_BYTES
        )
        writer = Writer(clickhouse)
        stack.push_async_callback(writer.close)
        stack.push_async_callback(producer.stop)
        await producer.start()
        yield Ways(lambda: Sender(session, target(), GIVE_UP_AFTER_S, say), producer, writer)


async def _take(page: Sequence[EventRejected], judge: Judge, ways: Ways, ledger: Ledger, told: Told) -> None:
    """The order of durability: everything of the page is acknowledged, then the ledger says so. What a kill leaves
    between the two is sent again, with the same ids."""
    to_send: list[tuple[EventRejected, Send]] = []
    sent = []
    entries: list[EventReplayed] = []
    for reject in page:
        match judge.judge(reject):
            case Send() as send:
                to_send.append((reject, send))
            case Publish() as record:
                sent.append(
                    await ways.producer.send(
                        record.topic.name, record.value, record.key, record.partition, headers=record.headers
                    )
                )
                entries.append(_entry(reject, record.event_id, PUBLISHED, told))
            case Write(event_id, _, rows):
                await _store(ways.writer, rows)
                entries.append(_entry(reject, event_id, STORED, told))
            case Stays(reason):
                told.count(reject, STAYS + reason)
    for one in sent:
        await one
    if to_send:
        entries += await _send(to_send, ways.sender(), told)
    await ledger.record(entries)


async def _store(writer: Writer, rows: Rows) -> None:
    try:
        async with asyncio.timeout(GIVE_UP_AFTER_S):
            for columns, bodies in rows.blocks:
                await writer.write(columns, bodies)
    except TimeoutError:
        raise Refused(
            f"FOOTPATH_CLICKHOUSE: ClickHouse took nothing for {GIVE_UP_AFTER_S:g} s; run this again"
        ) from None


async def _send(batch: list[tuple[EventRejected, Send]], sender: Sender, told: Told) -> list[EventReplayed]:
    entries = []
    for part in _parts(batch):
        verdicts = await sender.send([Line(number, send.text) for number, (_, send) in enumerate(part, 1)])
        for (reject, send), verdict in zip(part, verdicts, strict=True):
            if verdict.status != "rejected":
                entries.append(_entry(reject, send.event_id, verdict.status, told))
                continue
            told.count(reject, STAYS + verdict.reason)
            # The gateway has told a reject of what was sent; unless that is this very one, it waits in its place. It
            # tells none of a request that it refuses as a whole.
            if not verdict.reason[:3].isdigit() and reject_id(send.text) != reject.event_id:
                entries.append(entry_of(reject, send.event_id, REFUSED, _now()))
    return entries


def _parts(batch: list[tuple[EventRejected, Send]]) -> list[list[tuple[EventRejected, Send]]]:
    """No longer than a request may be."""
    parts: list[list[tuple[EventRejected, Send]]] = [[]]
    size = 0
    for reject, send in batch:
        size += len(send.text)
        if parts[-1] and (len(parts[-1]) == BATCH_EVENTS or size > BATCH_BYTES):
            parts.append([])
            size = len(send.text)
        parts[-1].append((reject, send))
    return parts


def _entry(reject: EventRejected, event_id: str, outcome: str, told: Told) -> EventReplayed:
    told.count(reject, outcome)
    return entry_of(reject, event_id, outcome, _now())


def _now() -> int:
    return time.time_ns() // 1000
