"""Carries out requests about data: follows their topics, and erases or exports what the store has of whom they concern.

Runs beside the sink, in its process. What a request needs is read from the topics' beginning at every start, so there
is nothing to commit; a request that was carried out by half is carried out again, which changes nothing more. Of
several sinks each has the requests of its partitions.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError
from clickhouse_connect.driver.asyncclient import AsyncClient

from schemas.codec.avro import Codec, Undecodable
from schemas.events import ErasureApplied, Event, EventRejected, PrivacyAnswered, PrivacyResolved
from schemas.kafka.client_options import consumer_options
from schemas.kafka.client_settings import Kafka
from schemas.reasons import RejectReason
from schemas.rejects import reject_record
from schemas.topics import BY_NAME, ERASURE_APPLIED, PRIVACY_ANSWERED, PRIVACY_RESOLVED, with_prefix
from sinks import metrics
from sinks.clickhouse.raw_consumer import build_raw_consumer
from sinks.clickhouse.record_router import RawRecord
from sinks.clickhouse.store_settings import Store
from sinks.clickhouse.writer import ERRORS, build_client
from sinks.privacy import progress as requests
from sinks.privacy.answers import DATA_KEPT_US, LOOKED_AT_US, answer, parts_of
from sinks.privacy.data import data_of
from sinks.privacy.erase import erase, remaining
from sinks.privacy.me import me_of
from sinks.privacy.profile import profile_of
from sinks.privacy.progress import Progress
from sinks.privacy.receipt import receipt_of
from sinks.privacy.restored import record_again, still_there
from sinks.privacy.retention import apply_retention
from sinks.privacy.stored import Stored

GROUP: Final = "footpath-privacy"
"""Behind the deployment's prefix; it shares out partitions and commits nothing."""
TOPICS: Final = (PRIVACY_RESOLVED, ERASURE_APPLIED, PRIVACY_ANSWERED)
WAIT_MS: Final = 200
PAUSE_S: Final = 1.0
EXPORT_WAIT_S: Final = 1.5
"""How long an export waits for what is on the topics and not in the tables yet."""
DOCUMENTS: Final = {"profile": profile_of, "me": me_of}
"""By action what is read of the tables, where that is not all of the data or its summary."""
AT_A_TIME: Final = 8
"""Answers to requests of which somebody waits in front: ClickHouse takes so many questions beside each other."""
HOUSEKEEPING_S: Final = 60.0
SWEEP_S: Final = 6 * 3600.0
"""How often erased source profiles are looked for in the tables, beside the start: a backup may have brought them
back."""
log = logging.getLogger(__name__)


def now_us() -> int:
    return time.time_ns() // 1000


class PrivacyWorker:
    """:param stored: says what of the topics is in the tables. :param protect: of parts of data; None: there is no key,
    and data cannot be kept for whoever asked.
    """

    def __init__(
        self,
        kafka: Kafka,
        codec: Codec,
        producer: AIOKafkaProducer,
        store: Store,
        stored: Stored,
        protect: Callable[[bytes], bytes] | None,
    ) -> None:
        self._kafka = kafka
        self._codec = codec
        self._producer = producer
        self._store = store
        self._stored = stored
        self._protect = protect
        self._progress: dict[str, Progress] = {}
        self._open: dict[str, Progress] = {}
        """Those of ``_progress`` that have no answer: answers stay for ever, and each turn looks at these alone."""
        self._data: dict[str, tuple[int, int]] = {}
        """Requests whose data can be fetched: since when, and how many parts."""
        self._ends: dict[TopicPartition, int] = {}
        self._client: AsyncClient | None = None
        self._number = 0
        """Of ClickHouse's address, see `client_options`."""
        self._next_housekeeping = self._next_sweep = 0.0

    async def run(self) -> None:
        """Runs until it is cancelled; waits while Kafka or ClickHouse is away."""
        while True:
            try:
                await self._follow()
            except (KafkaError, *ERRORS) as problem:
                log.warning("requests about data wait, next try in %.0f s: %s", PAUSE_S, type(problem).__name__)
            except Exception:
                log.exception("requests about data: a bug; trying again")
            finally:
                await self._leave()
            await asyncio.sleep(PAUSE_S)

    async def _follow(self) -> None:
        consumer = build_raw_consumer(
            **consumer_options(self._kafka),
            group_id=with_prefix(GROUP),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            # Equal keys of the three topics are in equal partitions, which one member has to have together.
            partition_assignment_strategy=(RangePartitionAssignor,),
            metadata_max_age_ms=5_000,
        )
        try:
            await consumer.start()
            consumer.subscribe([topic.name for topic in TOPICS], listener=_Assigned(consumer, self._begin))
            while True:
                for place, records in (await consumer.getmany(timeout_ms=WAIT_MS)).items():
                    for record in records:
                        if fault := self._take(place, record.value):
                            await self._publish(_reject(place, record, fault))
                if await self._has_caught_up(consumer):
                    await self._act()
                self._report()
        finally:
            await consumer.stop()

    def _begin(self, ends: dict[TopicPartition, int]) -> None:
        self._progress, self._open, self._data, self._ends = {}, {}, {}, ends

    async def _has_caught_up(self, consumer: AIOKafkaConsumer) -> bool:
        """Whether all is read that was there when the partitions were assigned: before, answers may be unread."""
        if not consumer.assignment():
            return False
        for place, end in list(self._ends.items()):
            if await consumer.position(place) < end:
                return False
            del self._ends[place]
        return True

    def _take(self, place: TopicPartition, value: bytes | None) -> RejectReason | None:
        """Takes a record; the reason where it is no event, or one that cannot be carried out."""
        if value is None:
            return None
        try:
            event: Any = self._codec.of(BY_NAME[place.topic]).decode(value)
        except Undecodable:
            return RejectReason.UNDECODABLE
        if isinstance(event, PrivacyResolved) and len(event.identifiers) != len(event.source_profile_ids):
            return RejectReason.INVALID
        if isinstance(event, PrivacyAnswered) and event.part:
            return None
        progress = self._progress.setdefault(event.request_id, Progress(event.request_id))
        self._add(progress, event)
        if isinstance(event, PrivacyAnswered):
            self._data.pop(event.request_id, None)
            if event.parts:
                self._data[event.request_id] = event.occurred_at, event.parts
        return None

    def _add(self, progress: Progress, event: PrivacyResolved | ErasureApplied | PrivacyAnswered) -> None:
        progress.add(event)
        if progress.is_open:
            self._open[progress.request_id] = progress
        else:
            self._open.pop(progress.request_id, None)

    async def _act(self) -> None:
        ready = [(one, what) for one in self._open.values() if (what := one.next) != "wait" and not _is_over(one)]
        # Somebody waits in front of what is to be looked at, of which there are many; an erasure takes seconds.
        looked_at = [(one, what) for one, what in ready if one.action in LOOKED_AT_US]
        if any(what == "data" for _, what in looked_at):
            await self._connected()
        for start in range(0, len(looked_at), AT_A_TIME):
            some = (self._carry_out(one, what) for one, what in looked_at[start : start + AT_A_TIME])
            for outcome in await asyncio.gather(*some, return_exceptions=True):
                if outcome is not None:
                    raise outcome
        for one, what in ready:
            if one.action not in LOOKED_AT_US:
                await self._carry_out(one, what)
        now = asyncio.get_running_loop().time()
        if now >= self._next_housekeeping:
            self._next_housekeeping = now + HOUSEKEEPING_S
            await self._end_data()
            await self._forget_shown()
            for statement in await apply_retention(await self._connected()):
                log.info("the brand's retention: %s", statement)
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_S
            await self._sweep()

    async def _carry_out(self, progress: Progress, what: requests.Next) -> None:
        try:
            match what:
                case "nobody":
                    await self._publish(answer(progress, requests.NOBODY, now_us()))
                case "erase":
                    await self._erase(progress)
                case "data":
                    await self._export(progress)
        except (KafkaError, *ERRORS):
            raise
        except Exception as error:
            # Other requests go on; this one says so to whoever asked, and in the log.
            log.exception("the request %s about data fails", progress.request_id)
            await self._publish(answer(progress, requests.FAILED, now_us(), {"error": type(error).__name__}))

    async def _erase(self, progress: Progress) -> None:
        client, profiles = await self._connected(), progress.profiles
        if progress.anonymous is None:
            # Written down before the first row: an erasure that is interrupted goes on with the same one. The answer
            # takes the place of this record.
            anonymous = uuid4()
            await self._publish(answer(progress, requests.WORKING, now_us(), {requests.ANONYMOUS: str(anonymous)}))
            progress.anonymous = anonymous
        await self._stored.wait()
        whom = profiles, profiles.values(), progress.anonymous
        tables = await erase(client, *whom)
        while await remaining(client, *whom):
            for table, count in (await erase(client, *whom)).items():
                tables[table] += count
        receipt = receipt_of(progress, tables, now_us())
        await self._publish(answer(progress, requests.DONE, now_us(), receipt))
        metrics.PRIVACY_DONE.labels("erase").inc()

    async def _export(self, progress: Progress) -> None:
        if self._protect is None:
            detail = {"error": "FOOTPATH_REJECT_KEY_FILE is not set: data is kept for nobody without a key"}
            await self._publish(answer(progress, requests.FAILED, now_us(), detail))
            return
        if progress.action == "export":
            await self._stored.wait(EXPORT_WAIT_S)
        document = await DOCUMENTS.get(progress.action, data_of)(await self._connected(), progress, now_us())
        parts = list(parts_of(progress, document, now_us(), self._protect))
        for part in parts:
            await self._publish(part)
        await self._publish(answer(progress, requests.DONE, now_us(), parts=len(parts)))
        metrics.PRIVACY_DONE.labels(progress.action).inc()

    async def _end_data(self) -> None:
        """Removes the data of answers that were given long ago; the answers stay."""
        for request_id, (since, parts) in list(self._data.items()):
            if now_us() - since > DATA_KEPT_US:
                for part in range(1, parts + 1):
                    await self._producer.send_and_wait(PRIVACY_ANSWERED.name, None, f"{request_id}/{part}".encode())
                await self._publish(answer(self._progress[request_id], requests.DONE, now_us(), {"ended": True}))
                del self._data[request_id]

    async def _forget_shown(self) -> None:
        """Removes everything about what was looked at: there are many, and nobody asks for their answers later."""
        for progress in [one for one in self._progress.values() if _is_over(one)]:
            _, parts = self._data.pop(progress.request_id, (0, 0))
            keys = [progress.request_id, *(f"{progress.request_id}/{part}" for part in range(1, parts + 1))]
            for key in keys if progress.status else ():
                await self._producer.send_and_wait(PRIVACY_ANSWERED.name, None, key.encode())
            del self._progress[progress.request_id]
            self._open.pop(progress.request_id, None)

    async def _sweep(self) -> None:
        """Erases again what the tables have of erased source profiles, as a backup brings it back."""
        client = await self._connected()
        await record_again(client, self._kafka, self._codec)
        for request_id, profiles in (await still_there(client)).items():
            if request_id in self._open:
                continue  # it is about to be carried out
            log.warning("%d erased source profiles are in the tables again: erasing them once more", len(profiles))
            await erase(client, profiles, profiles.values(), uuid4())

    async def _publish(self, event: Event) -> None:
        topic, key, value, headers = self._codec.record(event)
        await self._producer.send_and_wait(topic.name, value, key, headers=headers)
        if isinstance(event, PrivacyAnswered) and not event.part and event.request_id in self._progress:
            # What was answered counts at once, not only when it is read.
            self._add(self._progress[event.request_id], event)

    async def _connected(self) -> AsyncClient:
        if self._client is None:
            self._client = await build_client(self._store, self._number)
        return self._client

    async def _leave(self) -> None:
        """Turns to the next address of ClickHouse, if there is another one."""
        self._number += 1
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _report(self) -> None:
        waiting = [one.requested_at for one in self._open.values() if one.requested_at and one.action not in DOCUMENTS]
        metrics.PRIVACY_OPEN.set(len(waiting))
        metrics.PRIVACY_OLDEST.set((now_us() - min(waiting)) / 1e6 if waiting else 0)


FAULTS: Final = {
    RejectReason.UNDECODABLE: "is no event of this topic",
    RejectReason.INVALID: "has not as many identifiers as source profiles",
}


def _reject(place: TopicPartition, record: RawRecord, fault: RejectReason) -> EventRejected:
    """The same whenever the topic is read again."""
    position = place.topic, place.partition, record.offset, record.timestamp, record.value
    return reject_record("privacy", *position, reason=fault, detail=FAULTS[fault])


def _is_over(progress: Progress) -> bool:
    """Whether it was to be looked at, so long ago that nobody waits for it any more."""
    kept_us = LOOKED_AT_US.get(progress.action)
    return kept_us is not None and now_us() - progress.requested_at > kept_us


class _Assigned(ConsumerRebalanceListener):  # type: ignore[misc]
    """Has every assignment read from the beginning of its partitions."""

    def __init__(self, consumer: AIOKafkaConsumer, begin: Callable[[dict[TopicPartition, int]], None]) -> None:
        self._consumer = consumer
        self._begin = begin

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        self._begin({})

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        if assigned:
            self._begin(await self._consumer.end_offsets(list(assigned)))
            await self._consumer.seek_to_beginning(*assigned)
