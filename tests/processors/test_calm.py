"""Workers on a real Kafka in calm weather: the way of a scan, bad bytes, stopping, settings."""

import subprocess
import sys

import pytest

from schemas.events import TouchpointRecorded
from schemas.ids import partition_of
from schemas.topics import (
    EVENT_REJECTED,
    PARTITIONS,
    REWARD_POSTED,
    SCAN_ROUTED,
    TOUCHPOINT_IDENTIFIED,
    TOUCHPOINT_RECORDED,
)
from tests.processors.street import CODEC, MAIN, Street, until
from tests.processors.walkers import Walkers

ALL = ("identity", "context", "rewards")


async def test_a_scan_goes_through_to_the_partition_of_its_gateway(street: Street) -> None:
    street.start(*ALL)
    walkers = Walkers("through", people=20)
    scans = [event for event in walkers.walk(30) if event.type == "scan"]
    for number, scan in enumerate(scans):
        fields = {name: getattr(scan, name) for name in scan.__struct_fields__}
        await street.send([TouchpointRecorded(**fields | {"reply_partition": number % PARTITIONS})])
    await street.quiet(*ALL)
    routed = {CODEC.of(SCAN_ROUTED).decode(r.value).scan_event_id: r for r in await street.read(SCAN_ROUTED.name)}
    for number, scan in enumerate(scans):
        assert routed[scan.event_id].partition == number % PARTITIONS
        assert dict(routed[scan.event_id].headers)["content-type"] == b"application/avro; schema=scan_routed.v1"
    for topic in (TOUCHPOINT_IDENTIFIED, REWARD_POSTED):
        records = await street.read(topic.name)
        assert all(record.partition == partition_of(record.key.decode(), PARTITIONS) for record in records)
    paid = {event.source_event_id for event in await street.events(REWARD_POSTED)}
    assert {scan.event_id for scan in scans} <= paid
    street.stop("-".join(ALL))


async def test_bytes_that_are_no_event_are_told_and_the_stream_goes_on(street: Street) -> None:
    [first, last] = Walkers("garbage", people=1).walk(2)
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
        sent = await street.producer.send_and_wait(TOUCHPOINT_RECORDED.name, raw, key=b"?", partition=partition)
        offsets[sent.offset] = raw
    await street.send([first, last])
    street.start("identity")
    await street.quiet("identity")
    rejects = {
        e.offset: e for e in await street.events(EVENT_REJECTED) if e.partition == partition and e.offset in offsets
    }
    assert rejects.keys() == offsets.keys()
    for offset, raw in offsets.items():
        reject = rejects[offset]
        assert (reject.stage, reject.reason, reject.topic) == ("identity", bad[raw], TOUCHPOINT_RECORDED.name)
        assert reject.raw == raw[: 1 << 20]
    assert len({reject.event_id for reject in rejects.values()}) == len(bad)
    identified = await street.contents(TOUCHPOINT_IDENTIFIED, {first.event_id, last.event_id})
    assert identified.keys() == {first.event_id, last.event_id}


async def test_an_event_that_cannot_be_is_told_by_its_field(street: Street) -> None:
    [event] = Walkers("impossible", people=1).walk(1)
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    street.start("identity")
    await street.send([TouchpointRecorded(**fields | {"occurred_at": 9 * 10**17})])
    await street.quiet("identity")
    [reject] = [e for e in await street.events(EVENT_REJECTED) if e.source_event_id == event.event_id]
    assert (reject.reason, reject.field) == ("invalid", "occurred_at")
    assert reject.fingerprint == reject.raw[2:10].hex()


async def test_too_many_rejects_stop_a_broken_deploy(street: Street) -> None:
    for _ in range(30):
        await street.producer.send(TOUCHPOINT_RECORDED.name, b"garbage", partition=0)
    await street.producer.flush()
    worker = street.start("identity", reject_limit="20", batch_rows="7")

    async def has_ended() -> bool:
        return worker.poll() is not None

    await until(has_ended, 20, "the worker to give up")
    assert worker.returncode == 1
    assert "FOOTPATH_WORKER_REJECT_LIMIT" in street.log("identity")
    street.start("identity")
    await street.quiet("identity")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["identity"], "FOOTPATH_KAFKA is not set"),
        (["nobody"], "no such processor: nobody"),
        ([], "no such processor: (none given)"),
    ],
)
def test_a_wrong_start_says_what_is_wrong(arguments: list[str], complaint: str) -> None:
    child = subprocess.run(
        [sys.executable, "-c", MAIN, "x", *arguments],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert child.returncode == 1
    assert complaint in child.stderr.decode()
