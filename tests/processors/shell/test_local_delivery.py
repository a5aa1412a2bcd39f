"""From identity to context in one process: a record may be delivered without a fetch, which changes only latency."""

import asyncio
import urllib.request
from collections.abc import Sequence
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from deploy.local import ports
from processors.shell.local_delivery import LocalDelivery, LocalRecord, consecutive
from schemas.events import TouchpointRecorded
from schemas.kafka.producer import Delivery
from schemas.topics import PARTITIONS, SCAN_ROUTED
from tests.support.event_stream import EventStream
from tests.support.stream_cluster import CODEC, StreamCluster, until

BOTH = ("identity", "context")


class Metadata(NamedTuple):
    """What Kafka acknowledges; the timestamp is the brokers', -1 where a topic has its writers'."""

    offset: int
    timestamp: int = -1


async def test_only_acknowledged_records_are_delivered_and_only_to_subscribers() -> None:
    local_delivery, received = LocalDelivery(), []

    def receive(topic: str, records: Sequence[LocalRecord]) -> None:
        received.extend((topic, record) for record in records)

    acknowledged, lost, elsewhere = (asyncio.get_running_loop().create_future() for _ in range(3))
    local_delivery.subscribe("t", 1, receive)
    # Two rows that joined a batch in which there was one already.
    two_rows = Delivery(acknowledged, 1, 7, [(b"a", b"A", []), (b"b", b"B", [])])
    local_delivery.deliver_when_acknowledged(two_rows, "t", 1)
    local_delivery.deliver_when_acknowledged(Delivery(lost, 0, 7, [(b"c", b"C", [])]), "t", 1)
    local_delivery.deliver_when_acknowledged(Delivery(elsewhere, 0, 7, [(b"d", b"D", [])]), "t", 2)
    assert not received
    acknowledged.set_result(Metadata(40))
    lost.set_exception(OSError())
    elsewhere.set_result(Metadata(42))
    await asyncio.sleep(0)
    assert received == [("t", LocalRecord(41, 7, b"a", b"A", [])), ("t", LocalRecord(42, 7, b"b", b"B", []))]
    received.clear()
    stamped = asyncio.get_running_loop().create_future()
    local_delivery.deliver_when_acknowledged(Delivery(stamped, 0, 7, [(b"e", b"E", [])]), "t", 1)
    stamped.set_result(Metadata(43, timestamp=9))
    await asyncio.sleep(0)
    assert received == [("t", LocalRecord(43, 9, b"e", b"E", []))], "a fetch brings the brokers' time, too"
    local_delivery.unsubscribe("t", 1, receive)
    local_delivery.deliver_when_acknowledged(Delivery(acknowledged, 0, 7, [(b"a", b"A", [])]), "t", 1)
    await asyncio.sleep(0)
    assert len(received) == 1


def test_readers_need_no_quick_fetch_while_everything_is_written_here() -> None:
    local_delivery = LocalDelivery()
    assert not local_delivery.delivers_all(["a"])
    local_delivery.set_written_here("a", True)
    assert local_delivery.delivers_all(["a"])
    assert not local_delivery.delivers_all(["a", "b"])
    local_delivery.set_written_here("a", False)
    assert not local_delivery.delivers_all(["a"])


@given(st.integers(0, 9), st.lists(st.integers(0, 9)))
def test_delivered_records_are_processed_without_a_gap(expected: int, offsets: list[int]) -> None:
    records = [LocalRecord(offset, 0, b"", b"") for offset in offsets]
    processed = [record.offset for record in consecutive(expected, records)]
    assert processed == list(range(expected, expected + len(processed)))
    assert expected not in offsets or processed
    assert consecutive(None, records) == []


async def test_scans_are_answered_once_whether_delivered_or_fetched(cluster: StreamCluster) -> None:
    port = ports.free()
    cluster.start(*BOTH, metrics_port=str(port))
    scans = [event for event in EventStream("delivered", people=20).take(80) if event.type == "scan"]
    # The first records are fetched: local delivery begins when the next offset is known.
    for first, last in ((0, len(scans) // 4), (len(scans) // 4, len(scans) // 2)):
        await send(cluster, scans[first:last])
        await cluster.quiet(*BOTH)
    assert delivered(port) > 0

    # Half of the records that identity writes are written by another process now.
    cluster.start(*BOTH, instance="other")
    await cluster.opened("other", PARTITIONS)
    await send(cluster, scans[len(scans) // 2 :])
    ids = {scan.event_id for scan in scans}

    async def all_answered() -> bool:
        return ids <= {event.scan_event_id for event in await cluster.events(SCAN_ROUTED)}

    await until(all_answered, "every scan to be answered")
    answers = [event for event in await cluster.events(SCAN_ROUTED) if event.scan_event_id in ids]
    contents: dict[str, set[bytes]] = {}
    for event in answers:
        contents.setdefault(event.scan_event_id, set()).add(CODEC.of(SCAN_ROUTED).encode(event))
    assert all(len(of_scan) == 1 for of_scan in contents.values()), "a scan has two answers"


async def send(cluster: StreamCluster, scans: list[Any]) -> None:
    names = TouchpointRecorded.__struct_fields__
    await cluster.send(TouchpointRecorded(**{name: getattr(scan, name) for name in names}) for scan in scans)


def delivered(port: int) -> float:
    """Records that were delivered without a fetch, by the worker's metrics."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("footpath_worker_local_deliveries_total{"))
