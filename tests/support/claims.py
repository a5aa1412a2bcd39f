"""Claims against one budget on a real Kafka with as many partitions as wanted, and what was answered to them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from deploy.setup import SetupError
from deploy.setup.topics import apply
from processors.budgets.core import PROCESSOR as BUDGETS
from processors.budgets.keys import holder_of
from processors.shell.state.changelog import WATERMARK
from processors.shell.state.records import StateRecordCodec
from schemas.brand.campaigns import Campaign
from schemas.brand.fold import BrandFold
from schemas.brand.items import events_of
from schemas.brand.model import Reward
from schemas.events import BudgetAnswered, BudgetClaimed, Event, RewardPosted
from schemas.ids import derived, person_of
from schemas.kafka.partitioner import partition_of
from schemas.topics import BUDGET_ANSWERED, BUDGET_CLAIMED, MAX_RECORD_BYTES, REWARD_POSTED, Topic, changelog
from tests.support.reference import reference
from tests.support.servers import start_kafka
from tests.support.stream_cluster import CODEC, StreamCluster

BUDGET = "campaign/spring"
RULE = Reward(id="spring", version=1, on=("sale",), points_per_unit=1, campaign="spring")
AT = 1_790_000_000_000_000
IN_FLIGHT = 5_000


def claim(number: int, units: int = 1) -> BudgetClaimed:
    """The claim of that number, of a person of its own."""
    id = derived("test claim", str(number))
    who = person_of(f"customer:{number}")
    return BudgetClaimed(
        event_id=derived("budget claim", id), occurred_at=AT, key=holder_of(BUDGET, id), limit=BUDGET, action="claim",
        claim_id=id, units=units, person_id=who, source_profile_id=who, rule="spring", source_event_id=f"sale-{number}",
    )  # fmt: skip


class Answered(NamedTuple):
    """An answer, and when the broker took it."""

    event: BudgetAnswered
    timestamp_ms: int


@dataclass
class Claims:
    """A broker with all topics, a brand with a budget, and workers."""

    workers: StreamCluster
    partitions: int
    _fold: BrandFold = field(default_factory=BrandFold)
    _applied: int = 0

    async def send(self, events: Iterable[Event]) -> None:
        """Publishes in order; returns when all of it is acknowledged."""
        sent: list[asyncio.Future[object]] = []
        for event in events:
            topic, key, value, headers = CODEC.record(event)
            partition = partition_of(key.decode(), self.partitions)
            sent.append(
                await self.workers.producer.send(topic.name, value, key=key, headers=headers, partition=partition)
            )
            if len(sent) >= IN_FLIGHT:
                await asyncio.gather(*sent)
                sent.clear()
        await asyncio.gather(*sent)

    async def resize(self, size: int) -> None:
        """Another configuration, with a budget of that size."""
        brand = reference(rewards=(RULE,), campaigns=(Campaign(id="spring", budget_points=size),)).brand
        self._applied += 1
        events = events_of(brand, self._applied, self._fold.held)
        for event in events:
            self._fold.apply(event)
        await self.send(events)

    async def _raw(self, topic: str) -> AsyncIterator[ConsumerRecord]:
        """Every committed record that the topic has now."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.workers.kafka,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
        )
        await consumer.start()
        try:
            places = [TopicPartition(topic, number) for number in range(self.partitions)]
            consumer.assign(places)
            ends = await consumer.end_offsets(places)
            while [place for place in places if await consumer.position(place) < ends[place]]:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    for record in records:
                        yield record
        finally:
            await consumer.stop()

    async def _records(self, topic: Topic) -> AsyncIterator[tuple[Event, int]]:
        """Every committed event that the topic has now, with the milliseconds of its record."""
        async for record in self._raw(topic.name):
            yield CODEC.of(topic).decode(record.value), record.timestamp

    async def held(self) -> int:
        """Units that claims hold, as the changelog has it."""
        codec, rows = StateRecordCodec.of(BUDGETS), dict[bytes, bytes]()
        async for record in self._raw(changelog(BUDGETS.name)):
            if not record.key.startswith(WATERMARK):
                rows[record.key] = record.value
        states = [codec.decode(row).state for row in rows.values() if row]
        return sum(sum(one.holder.granted.values()) for one in states if one is not None and one.holder is not None)

    async def posted(self, rule: str) -> list[RewardPosted]:
        """The ledger entries of a rule, each once."""
        found: dict[str, RewardPosted] = {}
        async for event, _ in self._records(REWARD_POSTED):
            if isinstance(event, RewardPosted) and event.rule == rule:
                assert found.setdefault(event.event_id, event) == event
        return list(found.values())

    async def claimed(self) -> set[str]:
        """The claims that were made."""
        return {
            one.claim_id
            async for one, _ in self._records(BUDGET_CLAIMED)
            if isinstance(one, BudgetClaimed) and one.action == "claim"
        }

    async def count_answers(self) -> int:
        """Records of answers so far, with the marks of transactions."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.workers.kafka, enable_auto_commit=False)
        await consumer.start()
        try:
            places = [TopicPartition(BUDGET_ANSWERED.name, number) for number in range(self.partitions)]
            return sum((await consumer.end_offsets(places)).values())
        finally:
            await consumer.stop()

    async def answered(self) -> list[Answered]:
        """Every answer so far, with its time."""
        return [
            Answered(one, at) async for one, at in self._records(BUDGET_ANSWERED) if isinstance(one, BudgetAnswered)
        ]

    async def answers(self) -> list[BudgetAnswered]:
        """Every answer so far."""
        return [one.event for one in await self.answered()]

    async def messages(self) -> Counter[str]:
        """How many records of each action there are on the topic of claims."""
        found: Counter[str] = Counter()
        async for one, _ in self._records(BUDGET_CLAIMED):
            assert isinstance(one, BudgetClaimed)
            found[one.action] += 1
        return found


def spread(demand: int, again_every: int = 0) -> Iterator[BudgetClaimed]:
    """So many claims of a unit, some of them twice."""
    for number in range(demand):
        yield claim(number)
        if again_every and number % again_every == 0:
            yield claim(number // 2)


def _make_topics(bootstrap: str, partitions: int) -> None:
    """Some 700 partitions: a busy machine takes longer to elect their leaders than one attempt waits."""
    for attempt in range(5):
        try:
            apply(bootstrap, partitions)
            return
        except SetupError:
            if attempt == 4:
                raise


@asynccontextmanager
async def claims_on(folder: Path, partitions: int, size: int) -> AsyncIterator[Claims]:
    """A Kafka of its own, without workers yet."""
    (folder / "kafka").mkdir()
    (folder / "workers").mkdir()
    server = start_kafka(folder / "kafka")
    try:
        await asyncio.to_thread(_make_topics, server.bootstrap, partitions)
        producer = AIOKafkaProducer(
            bootstrap_servers=server.bootstrap, linger_ms=5, max_batch_size=256 << 10, max_request_size=MAX_RECORD_BYTES
        )
        await producer.start()
        claims = Claims(StreamCluster(server.bootstrap, folder / "workers", producer), partitions)
        try:
            await claims.resize(size)
            yield claims
        finally:
            claims.workers.clear()
            await producer.stop()
    finally:
        server.kill()
