"""Faust's consumer, handing over whole runs of records of one partition, and mended where it loses some.

Built on faust-streaming 0.15.3's extension points (transport, consumer, scheduler and schema classes; the pins in
pyproject.toml hold it there). Private names touched: Consumer._to_message, _add_gap, _commit, _getmany,
_wait_next_records, the consumer thread's _create_worker_consumer, _fetch_records, _serve and _gather_remaining_tasks,
aiokafka's isolation level, and how long and for how much its fetcher waits.

What is mended, by the number of its faust-streaming issue:
- #596: after a rebalance the partitions are resumed, sought and cleared in steps while the fetcher runs. Here a seek
  waits for the fetch in flight, drops its result, and fetching goes on only when the flow is resumed.
- What ends before an offset that Faust noted is passed over, and it notes offsets of before a seek after the seek. Here
  nothing is passed over, and runs tell what they follow on (runs.py): what is lost on the way is fetched again.
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
from faust.events import Event
from faust.transport.drivers import aiokafka as driver
from faust.transport.utils import DefaultSchedulingStrategy
from faust.types import TP
from faust.types.tuples import ConsumerMessage

from processors.shell.runs import Run, Trail

BACK_PRESSURE_SLEEP_S = 0.005


class RunMessage(ConsumerMessage):
    """One Faust message that stands for a run of records; its offset is that of the last."""

    __slots__ = ("run",)

    run: Run


class RunSchema(faust.Schema):  # type: ignore[type-arg]
    """The event's value is the run of raw records: decoding belongs to the desk, where a failure is an outcome."""

    def compile(self, app: Any, **kwargs: Any) -> Any:
        async def decode(message: Any, *, propagate: bool = False) -> Event:
            return Event(app, None, message.run, None, message)

        return decode


class RunScheduler(DefaultSchedulingStrategy):
    """One item for each partition that has records; what a rebalance made void is left out."""

    consumer: "RunConsumer | None" = None

    def iterate(self, records: Mapping[TP, Any]) -> Iterator[tuple[TP, Any]]:
        assert self.consumer is not None
        epoch = self.consumer.epoch
        for tp, run in records.items():
            if self.consumer.epoch != epoch:
                return
            yield tp, run


class RunApp(faust.App):
    """An app that says how it fetches, anew before each fetch: it returns with so many bytes, or with what there is
    after so many milliseconds."""

    fetching: Callable[[], tuple[int, int]]


class _NoThread:
    """Stands where Faust starts a thread, and runs the service on the loop that is there."""

    def __init__(self, service: "RunThread") -> None:
        self._service = service

    def start(self) -> None:
        self._serving = asyncio.ensure_future(self._service._serve())
        self._serving.add_done_callback(lambda served: served.cancelled() or served.exception())

    def stop(self) -> None:
        """The service has been told already."""


class RunThread(driver.AIOKafkaConsumerThread):
    """The place where aiokafka fetches: in Faust a thread, here the loop that works. Two loops that share one
    interpreter's lock make every record wait for both."""

    Worker = _NoThread  # type: ignore[assignment]

    async def call_thread(self, fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        result = fun(*args, **kwargs)
        return await result if isawaitable(result) else result

    async def _gather_remaining_tasks(self) -> None:
        """The loop's other tasks are not this service's to end."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Faust would ask for it only together with its own transactions. A topic without any is read as it was before.
        consumer._isolation_level = "read_committed"
        return consumer

    async def _fetch_records(self, consumer: Any, *args: Any, **kwargs: Any) -> Any:
        assert isinstance(self.app, RunApp)
        consumer._fetcher._fetch_min_bytes, consumer._fetcher._fetch_max_wait_ms = self.app.fetching()
        return await super()._fetch_records(consumer, *args, **kwargs)

    async def knows(self, topics: Iterable[str]) -> bool:
        """Asks the brokers anew and says whether they know the topics.

        One that has just started knows none for a moment, and a rebalance at that moment gives out no partitions.
        What it learns later makes the group join again, but without being asked it learns that only minutes later.
        """
        return bool(await self.call_thread(self._knows, topics))

    async def _knows(self, topics: Iterable[str]) -> bool:
        client = self._ensure_consumer()._client
        await client.force_metadata_update()
        return all(client.cluster.partitions_for_topic(topic) for topic in topics)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's livelock detector watches commits that are not made here; footpath_worker_delay_seconds shows lag."""


class _NothingRead(dict[TP, int | None]):
    """Offsets by which Faust would pass over what it believes to have read: it finds none."""

    def __getitem__(self, tp: TP) -> None:
        return None


class RunConsumer(driver.Consumer):
    """See the module's docstring."""

    Thread = RunThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.epoch = 0
        self._trail = Trail[TP]()
        self._fetching = asyncio.Lock()
        self._flowing = asyncio.Event()
        self._flowing.set()
        super().__init__(*args, **kwargs)
        self._read_offset = _NothingRead()
        self.scheduler.consumer = self  # type: ignore[attr-defined]

    def _new_consumer_thread(self) -> Any:
        return self.Thread(self, loop=self.loop, thread_loop=self.loop, beacon=self.beacon)

    def _to_message(self, tp: TP, run: Run) -> RunMessage:
        first, last = run.records[0], run.records[-1]
        message = RunMessage(
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
        message.run = run
        return message

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Offsets between runs need no bookkeeping: nothing is committed by Faust."""

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Nothing: offsets are committed with the state."""
        return False

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:  # noqa: ASYNC109
        await self._flowing.wait()
        async with self._fetching:
            epoch = self.epoch
            records = await super()._getmany(active_partitions, timeout)
            return self._trail.runs(records) if epoch == self.epoch else {}

    async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ASYNC109
        if self.flow_active and not self._get_active_partitions():
            await asyncio.sleep(BACK_PRESSURE_SLEEP_S)
            return {}, self._get_active_partitions()
        return await super()._wait_next_records(timeout)

    async def perform_seek(self) -> None:
        self.epoch += 1
        self._flowing.clear()
        async with self._fetching:
            await super().perform_seek()
            begins = {tp: self._read_offset.get(tp) or 0 for tp in self.assignment()}
            # aiokafka seeks only where something is committed. Elsewhere a fetch that has just been dropped would be
            # lost: the group begins where the topic does.
            if unsought := [TopicPartition(*tp) for tp, offset in begins.items() if not offset]:
                await self._thread.seek_to_beginning(*unsought)
            self._trail.begin(begins)

    @property
    def member(self) -> str:
        """Which member of its group this is."""
        return str(self._thread._ensure_consumer()._coordinator.member_id)

    async def knows(self, topics: Iterable[str]) -> bool:
        """See :meth:`RunThread.knows`."""
        return bool(await self._thread.knows(topics))  # type: ignore[attr-defined]

    async def rewind(self, tp: TP, offset: int) -> int:
        """Fetches ``tp`` from ``offset`` again. :returns: the number of the rewind."""
        async with self._fetching:
            await self.seek(tp, offset)
            return self._trail.rewind(tp, offset)

    def resume_flow(self) -> None:
        super().resume_flow()
        self._flowing.set()


class RunTransport(driver.Transport):
    Consumer = RunConsumer


def partitions_of(assigned: Iterable[TP]) -> set[int]:
    """Numbers of the partitions in an assignment."""
    return {tp.partition for tp in assigned}
