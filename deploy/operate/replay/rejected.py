"""`footpath replay rejected`: page by page, first sent and acknowledged, then recorded in the ledger of replays."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer

from deploy.operate.replay.gateway_rejects import Accepted, StillInvalid
from deploy.operate.replay.ledger import Ledger, ledger_entry, open_ledger, read_done
from deploy.operate.replay.progress import ReplayProgress
from deploy.operate.replay.rejects import Rejects
from deploy.operate.replay.replan import Publish, Replanner, Write
from deploy.operate.send_event import send_event
from schemas.codec.avro import Codec
from schemas.events import EventRejected, EventReplayed
from schemas.kafka.client_options import client_options
from schemas.kafka.client_settings import Kafka
from schemas.process.errors import OperatorError
from schemas.reasons import RejectReason
from schemas.topics import BY_EVENT, MAX_RECORD_BYTES
from sinks.clickhouse.record_router import CheckedRecords
from sinks.clickhouse.store_settings import Store
from sinks.clickhouse.writer import Refused, Writer

TIMEOUT_S = 60.0
WOULD = {Accepted: "would be accepted", Publish: "would be published", Write: "would be stored"}
ACCEPTED, PUBLISHED, STORED = "accepted", "published", "stored"
STILL_INVALID = "still invalid: "


@dataclass
class Outcomes:
    """Number of rejects by stage, reason and outcome."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def count(self, reject: EventRejected, outcome: str) -> None:
        self.counts[reject.stage, reject.reason, outcome] += 1

    @property
    def still_invalid(self) -> int:
        """Number of rejects that were not replayed."""
        return sum(count for (_, _, outcome), count in self.counts.items() if outcome.startswith(STILL_INVALID))


@dataclass
class Targets:
    """Where replayed events go."""

    codec: Codec
    producer: AIOKafkaProducer
    writer: Writer


async def preview(rejects: Rejects, replanner: Replanner, kafka: Kafka, codec: Codec, limit: int | None) -> Outcomes:
    """What a replay would do; sends nothing."""
    done = await read_done(kafka, codec)
    outcomes = Outcomes()
    for page in rejects.pages(done, limit):
        for reject in page:
            plan = replanner.plan(reject)
            would = STILL_INVALID + plan.reason if isinstance(plan, StillInvalid) else WOULD[type(plan)]
            outcomes.count(reject, would)
    return outcomes


async def replay(
    rejects: Rejects,
    replanner: Replanner,
    kafka: Kafka,
    clickhouse: Store,
    codec: Codec,
    limit: int | None,
) -> Outcomes:
    """Replays the rejects that today's code can use, each once.

    :raises OperatorError: another replay has started, or Kafka does not answer in time; the next replay continues from
        here.
    """
    outcomes = Outcomes()
    async with open_ledger(kafka, codec) as ledger:
        total = rejects.count()
        with ReplayProgress("replay", "rejects", min(total, limit or total)) as progress:
            async with _open_targets(kafka, clickhouse, codec) as targets:
                done = 0
                for page in rejects.pages(ledger.done, limit):
                    await _replay_page(page, replanner, targets, ledger, outcomes)
                    done += len(page)
                    progress.advance_to(done)
    return outcomes


@asynccontextmanager
async def _open_targets(kafka: Kafka, clickhouse: Store, codec: Codec) -> AsyncIterator[Targets]:
    async with AsyncExitStack() as stack:
        producer = AIOKafkaProducer(
            **client_options(kafka), acks="all", enable_idempotence=True, max_request_size=MAX_RECORD_BYTES
        )
        writer = Writer(clickhouse)
        stack.push_async_callback(writer.close)
        stack.push_async_callback(producer.stop)
        await producer.start()
        yield Targets(codec, producer, writer)


async def _replay_page(
    page: Sequence[EventRejected], replanner: Replanner, targets: Targets, ledger: Ledger, outcomes: Outcomes
) -> None:
    """The order of durability: everything of the page is acknowledged, then the ledger records it. After a kill between
    the two the next replay sends the page again, with the same ids."""
    published = []
    entries: list[EventReplayed] = []
    for reject in page:
        match replanner.plan(reject):
            case Accepted(event_id, event):
                partitions = len(await targets.producer.partitions_for(BY_EVENT[type(event)].name))
                published.append(await send_event(targets.producer, targets.codec, event, partitions))
                entries.append(_entry(reject, event_id, ACCEPTED, outcomes))
            case Publish() as record:
                published.append(
                    await targets.producer.send(
                        record.topic.name, record.value, record.key, record.partition, headers=record.headers
                    )
                )
                entries.append(_entry(reject, record.event_id, PUBLISHED, outcomes))
            case Write(event_id, _, rows):
                if await _store(targets.writer, rows):
                    outcomes.count(reject, STILL_INVALID + RejectReason.UNSTORABLE)
                else:
                    entries.append(_entry(reject, event_id, STORED, outcomes))
            case StillInvalid(reason):
                outcomes.count(reject, STILL_INVALID + reason)
    for one in published:
        await one
    await ledger.record(entries)


async def _store(writer: Writer, rows: CheckedRecords) -> list[Refused]:
    """The rows that ClickHouse refuses."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return [one for columns, bodies in rows.blocks for one in await writer.insert(columns, bodies)]
    except TimeoutError:
        raise OperatorError(
            f"FOOTPATH_CLICKHOUSE: ClickHouse took nothing for {TIMEOUT_S:g} s; run this again"
        ) from None


def _entry(reject: EventRejected, event_id: str, outcome: str, outcomes: Outcomes) -> EventReplayed:
    outcomes.count(reject, outcome)
    return ledger_entry(reject, event_id, outcome, _now())


def _now() -> int:
    """Microseconds."""
    return time.time_ns() // 1000
