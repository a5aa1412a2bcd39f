"""Worker processes on a real Kafka without faults: scans end to end, undecodable records, reject limits, settings."""

import subprocess
import sys

import pytest

from schemas.events import TouchpointRecorded
from schemas.kafka.partitioner import partition_of
from schemas.topics import (
    EVENT_REJECTED,
    PARTITIONS,
    REWARD_POSTED,
    SCAN_ROUTED,
    TOUCHPOINT_IDENTIFIED,
    TOUCHPOINT_RECORDED,
)
from tests.support.event_stream import EventStream
from tests.support.hangs import HANG_S
from tests.support.reject_keys import reveal
from tests.support.stream_cluster import CODEC, MAIN, StreamCluster, until

ALL = ("identity", "context", "rewards")


async def test_a_scan_is_answered_on_the_partition_of_its_gateway(cluster: StreamCluster) -> None:
    cluster.start(*ALL)
    stream = EventStream("through", people=20)
    scans = [event for event in stream.take(30) if event.type == "scan"]
    for number, scan in enumerate(scans):
        fields = {name: getattr(scan, name) for name in scan.__struct_fields__}
        await cluster.send([TouchpointRecorded(**fields | {"reply_partition": number % PARTITIONS})])
    await cluster.quiet(*ALL)
    routed = {CODEC.of(SCAN_ROUTED).decode(r.value).scan_event_id: r for r in await cluster.read(SCAN_ROUTED.name)}
    for number, scan in enumerate(scans):
        assert routed[scan.event_id].partition == number % PARTITIONS
        assert dict(routed[scan.event_id].headers)["content-type"] == b"application/avro; schema=scan_routed.v1.1"
    for topic in (TOUCHPOINT_IDENTIFIED, REWARD_POSTED):
        records = await cluster.read(topic.name)
        assert all(record.partition == partition_of(record.key.decode(), PARTITIONS) for record in records)
    rewarded = {event.source_event_id for event in await cluster.events(REWARD_POSTED)}
    assert {scan.event_id for scan in scans} <= rewarded
    cluster.stop("-".join(ALL))


async def test_bytes_that_are_no_event_are_rejected_and_the_stream_goes_on(cluster: StreamCluster) -> None:
    [first, last] = EventStream("garbage", people=1).take(2)
    _, key, value, _ = CODEC.record(first)
    partition = partition_of(key.decode(), PARTITIONS)
    bad = {
        b"garbage": "undecodable",
        b"": "undecodable",
        value[:-3]: "undecodable",
        value + b"x": "undecodable",
        value[:2] + b"\0" * 8 + value[10:]: "unknown_schema",
        b"\xc3\x01": "undecodable",
        b"x" * 1_500_000: "undecodable",
        b"y" * 1_040_000: "undecodable",
    }
    offsets = {}
    for raw in bad:
        sent = await cluster.producer.send_and_wait(TOUCHPOINT_RECORDED.name, raw, key=b"?", partition=partition)
        offsets[sent.offset] = raw
    await cluster.send([first, last])
    cluster.start("identity")
    await cluster.quiet("identity")
    rejects = {
        e.offset: e for e in await cluster.events(EVENT_REJECTED) if e.partition == partition and e.offset in offsets
    }
    assert rejects.keys() == offsets.keys()
    for offset, raw in offsets.items():
        reject = rejects[offset]
        assert (reject.stage, reject.reason, reject.topic) == ("identity", bad[raw], TOUCHPOINT_RECORDED.name)
        assert (reveal(reject.raw) if raw else reject.raw) == raw[: 1 << 20]
    assert len({reject.event_id for reject in rejects.values()}) == len(bad)
    identified = await cluster.contents(TOUCHPOINT_IDENTIFIED, {first.event_id, last.event_id})
    assert identified.keys() == {first.event_id, last.event_id}


async def test_an_impossible_event_is_rejected_with_its_field(cluster: StreamCluster) -> None:
    [event] = EventStream("impossible", people=1).take(1)
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    cluster.start("identity")
    await cluster.send([TouchpointRecorded(**fields | {"occurred_at": 9 * 10**17})])
    await cluster.quiet("identity")
    [reject] = [e for e in await cluster.events(EVENT_REJECTED) if e.source_event_id == event.event_id]
    assert (reject.reason, reject.field) == ("invalid", "occurred_at")
    assert reject.fingerprint == reveal(reject.raw)[2:10].hex()


async def test_too_many_rejects_stop_a_broken_deploy(cluster: StreamCluster) -> None:
    for _ in range(30):
        await cluster.producer.send(TOUCHPOINT_RECORDED.name, b"garbage", partition=0)
    await cluster.producer.flush()
    worker = cluster.start("identity", reject_limit="20", batch_rows="7")

    async def has_ended() -> bool:
        return worker.poll() is not None

    await until(has_ended, "the worker to stop")
    assert worker.returncode == 1
    assert "FOOTPATH_WORKER_REJECT_LIMIT" in cluster.log("identity")
    cluster.start("identity")
    await cluster.quiet("identity")


async def test_a_second_worker_in_the_same_folder_ends_before_it_takes_partitions(cluster: StreamCluster) -> None:
    first = cluster.start("identity")
    await cluster.opened("identity", PARTITIONS)
    second = cluster.start("identity")

    async def has_ended() -> bool:
        return second.poll() is not None

    await until(has_ended, "the second worker to end", cluster.logs)
    cluster.workers["identity"] = first
    assert second.returncode == 1 and f"in use by another worker (pid {first.pid})" in cluster.log("identity")
    [event] = EventStream("alone", people=1).take(1)
    await cluster.send([event])
    await cluster.quiet("identity")
    assert cluster.log("identity").count('"partition open"') == PARTITIONS, "nobody else was given a partition"
    cluster.kill("identity")
    cluster.start("identity")
    await cluster.opened("identity", 2 * PARTITIONS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["identity"], "FOOTPATH_KAFKA is not set"),
        (["nobody"], "no such processor: nobody"),
        ([], "no such processor: (none given)"),
    ],
)
def test_a_wrong_start_names_what_is_wrong(arguments: list[str], message: str) -> None:
    child = subprocess.run(
        [sys.executable, "-c", MAIN, "x", *arguments],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        timeout=HANG_S,
        check=False,
    )
    assert child.returncode == 1
    assert message in child.stderr.decode()
