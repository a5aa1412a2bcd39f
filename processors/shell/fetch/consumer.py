"""Faust's consumer, which delivers whole batches of one topic partition, with fixes for the records that it loses.

Built on faust-streaming 0.15.3's extension points (transport, consumer, scheduler and schema classes; the pins in
pyproject.toml hold it there). Private names touched: Consumer._to_message, _add_gap, _commit, _getmany,
_wait_next_records, the consumer thread's _create_worker_consumer, _fetch_records, _serve and _gather_remaining_tasks,
aiokafka's isolation level, rack, positions, requests and group coordinator, and how long and for how much its fetcher
waits.

The fixes, by the number of the faust-streaming issue:
- #596: after a rebalance the partitions are resumed, sought and cleared in steps while the fetcher runs. Here a seek
  waits for the fetch in flight, drops its result, and fetching goes on only when the flow is resumed.
- Faust skips records below an offset that it has stored, and stores offsets of before a seek after the seek. Here it
  skips none, and batches carry the offset that was requested (gaps.py): lost records are fetched again.
- #606, #502: Faust commits nothing here. Offsets travel with the state, in the partition's own transaction.
- #176, #597: Faust restores nothing here; the changelog's own restore ends by position.
- The drain loop sleeps a second when every partition is under back-pressure, and waits up to 1.5 s in a fetch.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import isawaitable
from typing import Any

import faust
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, LeaderNotAvailableError, for_code
from aiokafka.protocol.group import HeartbeatRequest
from aiokafka.protocol.offset import OffsetRequest
from faust.events import Event
from faust.transport.drivers import aiokafka as driver
from faust.transport.utils import DefaultSchedulingStrategy
from faust.types import TP
from faust.types.tuples import ConsumerMessage

from processors.shell.fetch.gaps import FetchedBatch, FetchPositions, OffsetsWentBack
from processors.shell.timers.taken import NEVER
from processors.shell.timers.watch import Fetched

LATEST, READ_UNCOMMITTED = -1, 0
"""Of Kafka's ListOffsets request."""
BACK_PRESSURE_SLEEP_S = 0.005


class BatchMessage(ConsumerMessage):
    """One Faust message for a whole batch of records; its offset is that of the last."""

    __slots__ = ("batch",)

    batch: FetchedBatch


class BatchSchema(faust.Schema):  # type: ignore[type-arg]
    """The event's value is the batch of raw records: the stream task decodes them, where a failure becomes a reject."""

    def compile(self, app: Any, **kwargs: Any) -> Any:
        async def decode(message: Any, *, propagate: bool = False) -> Event:
            return Event(app, None, message.batch, None, message)

        return decode


class BatchScheduler(DefaultSchedulingStrategy):
    """One item for each topic partition that has records; stops when a seek made the rest stale."""

    consumer: "BatchConsumer | None" = None

    def iterate(self, records: Mapping[TP, Any]) -> Iterator[tuple[TP, Any]]:
        assert self.consumer is not None
        epoch = self.consumer.epoch
        for tp, batch in records.items():
            if self.consumer.epoch != epoch:
                return
            yield tp, batch


class BatchApp(faust.App):
    """``fetch_limits`` is called before each fetch: the least bytes with which it returns, and the milliseconds after
    which it returns with fewer. ``fail`` is called with an error that ends the process; ``rack`` is that of this
    process."""

    fetch_limits: Callable[[], tuple[int, int]]
    fail: Callable[[BaseException], None]
    rack: str | None = None


class _NoThread:
    """Takes the place of Faust's service thread and runs the service on the current event loop."""

    def __init__(self, service: "LoopConsumer") -> None:
        self._service = service

    def start(self) -> None:
        self._serving = asyncio.ensure_future(self._service._serve())
        self._serving.add_done_callback(lambda served: served.cancelled() or served.exception())

    def stop(self) -> None:
        """Nothing to do: the service has been stopped already."""


class LoopConsumer(driver.AIOKafkaConsumerThread):
    """Where aiokafka fetches: in Faust a thread with a loop of its own, here the loop that processes. Two loops that
    share the interpreter's lock delay every record twice."""

    Worker = _NoThread  # type: ignore[assignment]

    async def call_thread(self, fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        result = fun(*args, **kwargs)
        return await result if isawaitable(result) else result

    async def _gather_remaining_tasks(self) -> None:
        """Cancels nothing: the other tasks of this loop are not the service's."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Faust sets it only together with its own transactions. For topics without transactions it changes nothing.
        consumer._isolation_level = "read_committed"
        assert isinstance(self.app, BatchApp)
        consumer._client_rack = self.app.rack
        return consumer

    async def _fetch_records(self, consumer: Any, *args: Any, **kwargs: Any) -> Any:
        assert isinstance(self.app, BatchApp)
        consumer._fetcher._fetch_min_bytes, consumer._fetcher._fetch_max_wait_ms = self.app.fetch_limits()
        return await super()._fetch_records(consumer, *args, **kwargs)

    async def has_topics(self, topics: Iterable[str]) -> bool:
        """Fetches metadata from the brokers: whether they know all the topics.

        A broker that has just started knows none for a moment, and a rebalance at that moment assigns no partitions.
        Newer metadata makes the member join again, but it is refreshed on its own only after minutes.
        """
        return bool(await self.call_thread(self._has_topics, topics))

    async def _has_topics(self, topics: Iterable[str]) -> bool:
        client = self._ensure_consumer()._client
        await client.force_metadata_update()
        return all(client.cluster.partitions_for_topic(topic) for topic in topics)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Nothing: Faust's livelock detector watches commits of its own, which are not made here;
        footpath_worker_delay_seconds shows lag."""


class _NoOffsets(dict[TP, int | None]):
    """Where Faust looks up offsets below which it skips records: it finds none."""

    def __getitem__(self, tp: TP) -> None:
        return None


class BatchConsumer(driver.Consumer):
    """Created and run by Faust, on the worker's event loop. See the module's docstring."""

    Thread = LoopConsumer

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.epoch = 0
        self._positions = FetchPositions[TP]()
        self._fetch_lock = asyncio.Lock()
        self._flow_resumed = asyncio.Event()
        self._flow_resumed.set()
        super().__init__(*args, **kwargs)
        self._read_offset = _NoOffsets()
        self.scheduler.consumer = self  # type: ignore[attr-defined]

    def _new_consumer_thread(self) -> Any:
        return self.Thread(self, loop=self.loop, thread_loop=self.loop, beacon=self.beacon)

    def _to_message(self, tp: TP, batch: FetchedBatch) -> BatchMessage:
        first, last = batch.records[0], batch.records[-1]
        message = BatchMessage(
            tp.topic,
            tp.partition,
            last.offset,
            first.timestamp / 1000.0,
            first.timestamp_type,
            None,
            None,
            b"",
            None,
            0,
            0,
            tp,
            generation_id=self.app.consumer_generation_id,
        )
        message.batch = batch
        return message

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Nothing: offsets between batches need no bookkeeping, because Faust commits nothing here."""

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Commits nothing: offsets are committed with the state."""
        return False

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:  # noqa: ASYNC109
        await self._flow_resumed.wait()
        async with self._fetch_lock:
            epoch = self.epoch
            records = await super()._getmany(active_partitions, timeout)
            try:
                return self._positions.batches(records) if epoch == self.epoch else {}
            except OffsetsWentBack as error:
                assert isinstance(self.app, BatchApp)
                self.app.fail(error)
                return {}

    async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ASYNC109
        if self.flow_active and not self._get_active_partitions():
            await asyncio.sleep(BACK_PRESSURE_SLEEP_S)
            return {}, self._get_active_partitions()
        return await super()._wait_next_records(timeout)

    async def perform_seek(self) -> None:
        self.epoch += 1
        self._flow_resumed.clear()
        async with self._fetch_lock:
            await super().perform_seek()
            starts = {tp: self._read_offset.get(tp) or 0 for tp in self.assignment()}
            # aiokafka seeks only where an offset is committed. Elsewhere the records of a fetch that was just dropped
            # would be lost, because the group starts at the topic's beginning.
            if unsought := [TopicPartition(*tp) for tp, offset in starts.items() if not offset]:
                await self._thread.seek_to_beginning(*unsought)
            self._positions.start(starts)

    @property
    def member(self) -> str:
        """This consumer's member id in its group."""
        return str(self._thread._ensure_consumer()._coordinator.member_id)

    def end_of(self, tp: TP) -> int:
        """The end of a topic partition as the last fetch reported it; 0 before the first."""
        state = self._thread._ensure_consumer()._subscription.subscription
        assignment = state.assignment if state is not None else None
        if assignment is None or tp not in assignment.tps:
            return 0
        return int(assignment.state_value(tp).highwater or 0)

    def fetched(self, tp: TP) -> Fetched:
        """How far a topic partition was fetched; nothing, while it is not assigned."""
        state = self._thread._ensure_consumer()._subscription.subscription
        assignment = state.assignment if state is not None else None
        handed_on = self._positions.next(tp)
        if assignment is None or tp not in assignment.tps or handed_on is None:
            return Fetched(-1, NEVER)
        value = assignment.state_value(tp)
        return Fetched(value._position if value.has_valid_position else -1, handed_on)

    async def ends_of(self, tps: Iterable[TP]) -> dict[TP, int]:
        """The ends of topic partitions by now, those of all records: aiokafka gives those of committed ones.

        :raises KafkaError: a leader does not answer.
        """
        client = self._thread._ensure_consumer()._client
        asked: dict[int, dict[str, list[tuple[int, int]]]] = {}
        for tp in tps:
            leader = client.cluster.leader_for_partition(TopicPartition(*tp))
            if leader is None or leader == -1:
                raise LeaderNotAvailableError(f"{tp} has no leader")
            asked.setdefault(leader, {}).setdefault(tp.topic, []).append((tp.partition, LATEST))
        ends = {}
        for leader, of_topics in asked.items():
            response = await client.send(leader, OffsetRequest(-1, READ_UNCOMMITTED, list(of_topics.items())))
            for topic, partitions in response.topics:
                for partition, error, _, offset in partitions:
                    if error:
                        raise for_code(error)(f"{topic} {partition}")
                    ends[TP(topic, partition)] = int(offset)
        return ends

    async def leave(self) -> None:
        """Leaves the group, and goes on fetching what it was assigned. A later stop of the consumer changes nothing in
        the group."""
        await self._thread._ensure_consumer()._coordinator.close()

    async def is_member(self) -> bool:
        """Asks the group's coordinator whether this consumer is a member of the current generation, and has what that
        gave it. False also while the group rebalances, or when the coordinator does not answer."""
        coordinator = self._thread._ensure_consumer()._coordinator
        request = HeartbeatRequest(coordinator.group_id, coordinator.generation, coordinator.member_id)
        try:
            response = await coordinator._send_req(request)
        except KafkaError:
            return False
        return not response.error_code

    async def has_topics(self, topics: Iterable[str]) -> bool:
        """See :meth:`LoopConsumer.has_topics`."""
        return bool(await self._thread.has_topics(topics))  # type: ignore[attr-defined]

    async def rewind(self, tp: TP, offset: int) -> int:
        """Fetches ``tp`` from ``offset`` again; waits for a fetch in flight, whose records are then stale.

        :returns: the number of the rewind.
        """
        async with self._fetch_lock:
            await self.seek(tp, offset)
            return self._positions.rewind(tp, offset)

    def resume_flow(self) -> None:
        super().resume_flow()
        self._flow_resumed.set()


class BatchTransport(driver.Transport):
    Consumer = BatchConsumer


def partitions_of(assigned: Iterable[TP]) -> set[int]:
    """Numbers of the partitions in an assignment."""
    return {tp.partition for tp in assigned}
