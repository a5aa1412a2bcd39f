"""From identity to context in one process: a record may skip the way over Kafka, and nothing hangs on it but time."""

import asyncio
import urllib.request
from collections.abc import Sequence
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from deploy.local import ports
from processors.shell.handover import Handed, Handover
from processors.shell.partition import following
from schemas.batches import Sent
from schemas.events import TouchpointRecorded
from schemas.topics import PARTITIONS, SCAN_ROUTED
from tests.processors.street import CODEC, Street, until
from tests.processors.walkers import Walkers

BOTH = ("identity", "context")


class Metadata(NamedTuple):
    offset: int


async def test_only_what_is_acknowledged_is_handed_over_and_only_to_who_is_there() -> None:
    handover, taken = Handover(), []

    def take(topic: str, records: Sequence[Handed]) -> None:
        taken.extend((topic, record) for record in records)

    acknowledged, lost, late = (asyncio.get_running_loop().create_future() for _ in range(3))
    handover.read("t", 1, take)
    # Two rows that joined a batch in which there was one already.
    handover.follow(Sent(acknowledged, 1, 7, [(b"a", b"A", []), (b"b", b"B", [])]), "t", 1)
    handover.follow(Sent(lost, 0, 7, [(b"c", b"C", [])]), "t", 1)
    handover.follow(Sent(late, 0, 7, [(b"d", b"D", [])]), "t", 2)
    assert not taken
    acknowledged.set_result(Metadata(40))
    lost.set_exception(OSError())
    late.set_result(Metadata(42))
    await asyncio.sleep(0)
    assert taken == [("t", Handed(41, 7, b"a", b"A", [])), ("t", Handed(42, 7, b"b", b"B", []))]
    handover.leave("t", 1, take)
    handover.follow(Sent(acknowledged, 0, 7, [(b"a", b"A", [])]), "t", 1)
    await asyncio.sleep(0)
    assert len(taken) == 2


def test_readers_need_no_quick_fetch_while_everything_is_written_here() -> None:
    handover = Handover()
    assert not handover.brings_all(["a"])
    handover.written_here("a", True)
    assert handover.brings_all(["a"])
    assert not handover.brings_all(["a", "b"])
    handover.written_here("a", False)
    assert not handover.brings_all(["a"])


@given(st.integers(0, 9), st.lists(st.integers(0, 9)))
def test_what_is_handed_over_is_taken_without_a_gap(expected: int, offsets: list[int]) -> None:
    records = [Handed(offset, 0, b"", b"") for offset in offsets]
    taken = [record.offset for record in following(expected, records)]
    assert taken == list(range(expected, expected + len(taken)))
    assert expected not in offsets or taken
    assert following(None, records) == []


async def test_scans_are_answered_once_whoever_brings_them(street: Street) -> None:
    port = ports.free()
    street.start(*BOTH, metrics_port=str(port))
    scans = [event for event in Walkers("handed", people=20).walk(80) if event.type == "scan"]
    # What comes first is fetched: nothing can follow on it before it is known.
    for first, last in ((0, len(scans) // 4), (len(scans) // 4, len(scans) // 2)):
        await send(street, scans[first:last])
        await street.quiet(*BOTH)
    assert handed(port) > 0

    # Half of what identity writes now comes from elsewhere.
    street.start(*BOTH, instance="other")
    await street.opened("other", PARTITIONS)
    await send(street, scans[len(scans) // 2 :])
    ids = {scan.event_id for scan in scans}

    async def all_answered() -> bool:
        return ids <= {event.scan_event_id for event in await street.events(SCAN_ROUTED)}

    await until(all_answered, 30, "every scan to be answered")
    answers = [event for event in await street.events(SCAN_ROUTED) if event.scan_event_id in ids]
    contents: dict[str, set[bytes]] = {}
    for event in answers:
        contents.setdefault(event.scan_event_id, set()).add(CODEC.of(SCAN_ROUTED).encode(event))
    assert all(len(of_scan) == 1 for of_scan in contents.values()), "a scan has two answers"


async def send(street: Street, scans: list[Any]) -> None:
    names = TouchpointRecorded.__struct_fields__
    await street.send(TouchpointRecorded(**{name: getattr(scan, name) for name in names}) for scan in scans)


def handed(port: int) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("footpath_worker_handed_total{"))
