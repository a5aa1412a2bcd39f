"""Nothing lost on the way: rejects are repaired, tables and states come back from their topics, kill -9 in between.

All on the whole system, which goes on working meanwhile. Every story ends with its replay twin: the same command once
more, which changes nothing.
"""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer

from deploy.replaying.rejects import PAGE_ROWS
from deploy.replaying.state import Replayed
from deploy.replaying.state import replay as replay_state
from processors.worker import PROCESSORS
from schemas.codec import Codec
from schemas.events import EventRejected, StockReported, TouchpointIdentified
from schemas.ids import partition_of, person_of
from schemas.rejects import reject_record
from schemas.topics import PARTITIONS, TOUCHPOINT_IDENTIFIED, TOUCHPOINT_RECORDED
from tests.stack.whole import Street, wait_until

pytestmark = pytest.mark.timeout(240)
CODEC = Codec()
NOON = "2026-06-01T12:00:00Z"
NOON_US = 1_780_315_200_000_000
SOON_S = 30
KILLED = -9
DIES = """
import os, signal, sys
import {module} as module
calls = 0
def dying(self, *arguments, was=module.{name}):
    global calls
    calls += 1
    if calls == {call}:
        os.kill(os.getpid(), signal.SIGKILL)
    return was(self, *arguments)
module.{name} = dying
from deploy.cli import main
sys.argv[0] = "footpath"
main()
"""


def dies(street: Street, where: str, call: int, *arguments: str) -> int:
    """Runs a command that is killed (-9) when it comes to this function for the so manieth time; the exit code."""
    module, _, name = where.partition(":")
    program = DIES.format(module=module, name=name, call=call)
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], env=street.environ, capture_output=True, timeout=120
    ).returncode


def publish(street: Street, *events: EventRejected) -> None:
    """Rejects as a process of an earlier version has told them."""

    async def send() -> None:
        async with AIOKafkaProducer(bootstrap_servers=street.run["kafka"]) as producer:
            for event in events:
                topic, key, value, headers = CODEC.record(event)
                await producer.send_and_wait(
                    topic.name, value, key, partition_of(key.decode(), PARTITIONS), headers=headers
                )

    asyncio.run(send())


def sales(count: int) -> list[dict[str, object]]:
    """Sales that no gateway takes: the till writes its currency in its own way."""
    return [
        {
            "event_id": str(uuid4()),
            "type": "sale",
            "occurred_at": NOON,
            "identifiers": [{"type": "customer", "value": str(uuid4())}],
            "properties": {"amount": "10.00", "currency": "Euro"},
        }
        for _ in range(count)
    ]


def among(ids: Sequence[object]) -> str:
    return "(" + ", ".join(f"'{id}'" for id in ids) + ")"


def test_repaired_events_count_once_however_often_the_replay_is_killed(street: Street) -> None:
    """Two pages of rejects. One replay is killed when the gateway has taken a page and nobody has written that down,
    the next between two pages; the last one goes on. Every sale is there once and has earned once."""
    rejected = sales(PAGE_ROWS + 50)
    assert {verdict["status"] for verdict in street.send(*rejected)} == {"rejected"}
    ids = among([sale["event_id"] for sale in rejected])
    waiting = f"SELECT count() FROM event_rejected WHERE source_event_id IN {ids}"
    wait_until(lambda: street.value(waiting) == len(rejected), SOON_S)
    mine = f"source_event_id IN {ids}"

    dry = street.footpath("replay", "rejected", "--where", mine, "--dry-run")
    assert dry.returncode == 0 and "would be sent" in dry.stdout and f" {len(rejected)}" in dry.stdout
    again = ("replay", "rejected", "--where", mine, "--set", "properties.currency=EUR")
    record = "deploy.replaying.ledger:Ledger.record"
    assert dies(street, record, 1, *again) == KILLED
    assert dies(street, record, 2, *again) == KILLED
    last = street.footpath(*again)
    assert last.returncode == 0, last.stderr
    twin = street.footpath(*again)
    assert twin.returncode == 0 and "nothing to replay" in twin.stdout

    there = f"SELECT uniqExact(event_id) FROM touchpoint WHERE event_id IN {ids}"
    wait_until(lambda: street.value(there) == len(rejected), SOON_S)
    earned = f"SELECT source_event_id, rule FROM reward_posted FINAL WHERE source_event_id IN {ids}"
    on_sale = "has(JSONExtract(body, 'on', 'Array(String)'), 'sale')"
    rules = f"SELECT count() FROM brand_configured FINAL WHERE kind = 'reward' AND {on_sale}"
    wait_until(lambda: len({row["source_event_id"] for row in street.rows(earned)}) == len(rejected), SOON_S)
    rows = [tuple(row.values()) for row in street.rows(earned)]
    assert len(rows) == len(set(rows)) <= len(rejected) * street.value(rules)
    replayed = f"SELECT uniqExact(reject_event_id) FROM event_replayed WHERE replayed_event_id IN {ids}"
    wait_until(lambda: street.value(replayed) == len(rejected), SOON_S)


def test_what_is_refused_again_waits_as_one_reject(street: Street) -> None:
    """A repair that does not help: however often it is tried, one reject of the event waits. The right one helps."""
    (sale,) = sales(1)
    street.send(sale)
    mine = f"source_event_id = '{sale['event_id']}'"
    wait_until(lambda: street.rows(f"SELECT 1 FROM event_rejected WHERE {mine}"), SOON_S)
    done = "SELECT reject_event_id FROM event_replayed"
    waiting = f"SELECT count() FROM event_rejected FINAL WHERE {mine} AND event_id NOT IN ({done})"
    newest = f"SELECT argMax(raw, inserted_at) FROM event_rejected WHERE {mine}"
    for currency in ("euro", "EURO"):
        tried = street.footpath("replay", "rejected", "--where", mine, "--set", f"properties.currency={currency}")
        assert tried.returncode == 2 and "stays: properties.currency" in tried.stdout, tried.stderr
        wait_until(lambda c=currency: f'"{c}"' in street.value(newest) and street.value(waiting) == 1, SOON_S)
    helped = street.footpath("replay", "rejected", "--where", mine, "--set", "properties.currency=EUR")
    assert helped.returncode == 0, helped.stdout
    wait_until(lambda: street.rows(f"SELECT 1 FROM touchpoint WHERE event_id = '{sale['event_id']}'"), SOON_S)
    wait_until(lambda: street.value(waiting) == 0, SOON_S)


def test_what_one_stage_refused_is_done_by_that_stage_alone(street: Street) -> None:
    """Rewards could not read a scan, context could; the sink could not read a count of the shelves. Later they can."""
    anchor = f"customer:{uuid4().hex}"
    person, scan_id, stock_id = person_of(anchor), str(uuid4()), str(uuid4())
    tag = street.run["demo"]["scan"].rpartition("/")[2]
    scan = TouchpointIdentified(
        event_id=scan_id, occurred_at=NOON_US, type="scan", received_at=NOON_US, source="test", anchor=anchor,
        identifiers=(anchor,), tag=tag, placement="shelf", person_id=person, own_person_id=person,
    )  # fmt: skip
    stock = StockReported(
        event_id=stock_id, occurred_at=NOON_US, store="nowhere", sku="KB-1", quantity=3, received_at=NOON_US, source="t"
    )
    refused = []
    for stage, event, offset in (("rewards", scan, 1_000_000), ("sink", stock, 1_000_000)):
        topic, key, value, _ = CODEC.record(event)
        place = (topic.name, partition_of(key.decode(), PARTITIONS), offset)
        refused.append(reject_record(stage, *place, NOON_US // 1000, value, reason="unknown_schema", detail="test"))
    unreadable = reject_record(
        "identity", TOUCHPOINT_RECORDED.name, 0, 1_000_000, NOON_US // 1000, b"?", reason="undecodable", detail="test"
    )
    publish(street, *refused, unreadable)
    mine = f"event_id IN {among([reject.event_id for reject in (*refused, unreadable)])}"
    wait_until(lambda: len(street.rows(f"SELECT event_id FROM event_rejected WHERE {mine}")) == 3, SOON_S)
    for round in range(2):
        told = street.footpath("replay", "rejected", "--where", mine)
        assert told.returncode == 2 and "stays: undecodable" in told.stdout, told.stderr
        assert ("published" in told.stdout and "stored" in told.stdout) == (round == 0), told.stdout
    wait_until(lambda: street.rows(f"SELECT 1 FROM reward_posted WHERE source_event_id = '{scan_id}'"), SOON_S)
    assert street.rows(f"SELECT quantity, _partition, _offset FROM stock_reported WHERE event_id = '{stock_id}'") == [
        {"quantity": 3, "_partition": refused[1].partition, "_offset": 1_000_000}
    ]
    # Whatever context would have answered had come before what rewards did for the next scan of the same person.
    later = scan.__class__(**{**{f: getattr(scan, f) for f in scan.__struct_fields__}, "event_id": str(uuid4())})
    publish(street, later)  # type: ignore[arg-type]
    wait_until(lambda: street.rows(f"SELECT 1 FROM scan_routed WHERE scan_event_id = '{later.event_id}'"), SOON_S)
    assert not street.rows(f"SELECT 1 FROM scan_routed WHERE scan_event_id = '{scan_id}'")


def test_a_rebuild_that_is_killed_leaves_the_tables_whole(street: Street) -> None:
    """Killed in the middle of the exchange, when one table of two has changed places. The next run cleans up."""
    tables = [
        f"SELECT count(), sum(sipHash64(*)) AS hash FROM (SELECT * EXCEPT ({but}) FROM {table} FINAL)"
        for table, but in (("identity_changed", "inserted_at"), ("identity_override", "occurred_at"))
    ]
    leftovers = "SELECT name FROM system.tables WHERE database = 'footpath' AND name LIKE '%\\_\\_replay%'"
    before = [street.rows(table) for table in tables]
    # Two tables and two feeds are made, older rows kept, a comment is set, one table exchanged.
    assert dies(street, "deploy.replaying.beside:Copies._run", 8, "replay", "topic", "identity-changed") == KILLED
    assert [street.rows(table) for table in tables] == before and street.rows(leftovers)
    street.scan()  # the feeds that are left disturb nobody
    rebuilt = street.footpath("replay", "topic", "identity-changed")
    assert rebuilt.returncode == 0 and rebuilt.stdout.count("equal") == 2, rebuilt.stdout + rebuilt.stderr
    assert not street.rows(leftovers)


def test_a_damaged_table_comes_back_from_its_topic_while_phones_scan(street: Street) -> None:
    """A row is gone: a check tells, a rebuild mends it, every scan of meanwhile is there. As the twin of all that
    happened here, every table is held against its topic."""
    first = street.scan()["Footpath-Event"]
    wait_until(lambda: street.rows(f"SELECT 1 FROM touchpoint WHERE event_id = '{first}'"), SOON_S)
    street.rows(f"ALTER TABLE touchpoint_identified DELETE WHERE event_id = '{first}' SETTINGS mutations_sync = 2")
    check = street.footpath("replay", "topic", TOUCHPOINT_IDENTIFIED.name, "--check")
    assert check.returncode == 2 and "different" in check.stdout, check.stdout + check.stderr
    assert not street.rows(f"SELECT 1 FROM touchpoint_identified WHERE event_id = '{first}'"), "a check changes nothing"
    with subprocess.Popen(
        [sys.executable, "-m", "deploy.cli", "replay", "topic", "touchpoint-identified"], env=street.environ
    ) as rebuild:
        scans = []
        while rebuild.poll() is None:
            scans.append(street.scan()["Footpath-Event"])
    assert rebuild.returncode == 0
    there = f"SELECT uniqExact(event_id) FROM touchpoint WHERE event_id IN {among([first, *scans])}"
    wait_until(lambda: street.value(there) == len(scans) + 1, SOON_S)
    checked = street.footpath("replay", "topic", "all", "--check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_state_is_what_its_sources_say(street: Street) -> None:
    """Whatever the other stories did, with two people who became one and two again; a second look gives the same."""
    phone, number = {"type": "device", "value": uuid4().hex[:22]}, {"type": "customer", "value": str(uuid4())}
    about = {"given_name": "Ann", "family_name": "Lee", "birth_date": "1980-02-01", "postal_code": "10115"}
    for kind in ("app_opened", "identity_unlinked", "identity_linked"):
        event = {"type": kind, "occurred_at": NOON, "identifiers": [phone, number], "properties": about}
        assert [verdict["status"] for verdict in street.send(event)] == ["accepted"]

    def looked_at(name: str) -> Replayed:
        with tempfile.TemporaryDirectory() as folder:
            return asyncio.run(replay_state(PROCESSORS[name], street.run["kafka"], CODEC, Path(folder), write=False))

    wait_until(lambda: any(part.keys for part in looked_at("likeness").partitions), SOON_S)
    for name in PROCESSORS:
        wait_until(lambda n=name: all(part.equal for part in looked_at(n).partitions), SOON_S)  # type: ignore[misc]
    # What likeness found in the meantime identity has to tell itself first.
    wait_until(lambda: not looked_at("identity").under_way, SOON_S)
    assert looked_at("identity") == looked_at("identity")
    told = street.footpath("replay", "state", "rewards")
    assert told.returncode == 0 and told.stdout.count("equal") == PARTITIONS, told.stdout + told.stderr
