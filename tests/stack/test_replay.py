"""Rejects are repaired, tables and states are rebuilt from their topics, with kill -9 in between.

All on the whole running system. Every story ends with its replay twin: the same command again, which changes nothing.
"""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError

from deploy.operate.replay.rejects import PAGE_ROWS
from deploy.operate.replay.state import StateReplay
from deploy.operate.replay.state import replay as replay_state
from processors.registry import PROCESSORS
from schemas.codec.avro import Codec
from schemas.events import EventRejected, StockReported, TouchpointIdentified, TouchpointRecorded
from schemas.ids import person_of
from schemas.kafka.partitioner import partition_of
from schemas.rejects import reject_of_refused, reject_record
from schemas.topics import PARTITIONS, TOUCHPOINT_IDENTIFIED, TOUCHPOINT_RECORDED
from tests.support.full_stack import FullStack, wait_until
from tests.support.hangs import HANG_S

CODEC = Codec(protect=bytes)
"""That of an earlier version, which did not protect the bytes of rejects."""
NOON = "2026-06-01T12:00:00Z"
NOON_US = 1_780_315_200_000_000
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
from deploy.cli.main import main
sys.argv[0] = "footpath"
main()
"""


def dies(stack: FullStack, where: str, call: int, *arguments: str) -> int:
    """Runs a command that is killed (-9) when it comes to this function for the so manieth time; the exit code."""
    module, _, name = where.partition(":")
    program = DIES.format(module=module, name=name, call=call)
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], env=stack.environ, capture_output=True, timeout=HANG_S
    ).returncode


def test_what_kafka_refused_goes_the_whole_way_once_it_is_taken(stack: FullStack) -> None:
    """A scan that Kafka refused is on no topic: the replay publishes it for all readers, once."""
    primary_identifier = f"customer:{uuid4().hex}"
    scan = TouchpointRecorded(
        event_id=str(uuid4()), occurred_at=NOON_US, type="scan", received_at=NOON_US, source="test",
        primary_identifier=primary_identifier, identifiers=(primary_identifier,),
        tag=stack.run["demo"]["scan"].rpartition("/")[2],
    )  # fmt: skip
    topic, _, value, headers = CODEC.record(scan)
    reject = reject_of_refused(topic.name, value, headers, NOON_US // 1000, MessageSizeTooLargeError())
    publish(stack, reject)
    mine = f"event_id = '{reject.event_id}'"
    wait_until(lambda: stack.rows(f"SELECT 1 FROM event_rejected WHERE {mine} AND reason = 'unpublished'"))
    assert not stack.rows(f"SELECT 1 FROM touchpoint WHERE event_id = '{scan.event_id}'")
    done = stack.footpath("replay", "rejected", "--where", mine)
    assert done.returncode == 0 and "accepted" in done.stdout, done.stdout + done.stderr
    wait_until(lambda: stack.rows(f"SELECT 1 FROM touchpoint WHERE event_id = '{scan.event_id}'"))
    wait_until(lambda: stack.rows(f"SELECT 1 FROM scan_routed WHERE scan_event_id = '{scan.event_id}'"))
    wait_until(lambda: stack.rows(f"SELECT 1 FROM reward_posted WHERE source_event_id = '{scan.event_id}'"))
    again = stack.footpath("replay", "rejected", "--where", mine)
    assert again.returncode == 0 and "nothing to replay" in again.stdout, again.stdout + again.stderr


def publish(stack: FullStack, *events: EventRejected) -> None:
    """Rejects of a process of an earlier version."""

    async def send() -> None:
        async with AIOKafkaProducer(bootstrap_servers=stack.run["kafka"]) as producer:
            for event in events:
                topic, key, value, headers = CODEC.record(event)
                await producer.send_and_wait(
                    topic.name, value, key, partition_of(key.decode(), PARTITIONS), headers=headers
                )

    asyncio.run(send())


def sales(count: int) -> list[dict[str, object]]:
    """Sales that the gateway rejects: the till writes a currency that is no code."""
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


def test_repaired_events_count_once_however_often_the_replay_is_killed(stack: FullStack) -> None:
    """Two pages of rejects. One replay is killed after the gateway has accepted a page and before the ledger records
    it, the next one between two pages; the last one continues. Every sale is stored once and has earned once."""
    rejected = sales(PAGE_ROWS + 50)
    assert {result["status"] for result in stack.send(*rejected)} == {"rejected"}
    ids = among([sale["event_id"] for sale in rejected])
    waiting = f"SELECT count() FROM event_rejected WHERE source_event_id IN {ids}"
    wait_until(lambda: stack.value(waiting) == len(rejected))
    mine = f"source_event_id IN {ids}"

    as_it_is = stack.footpath("replay", "rejected", "--where", mine, "--dry-run")
    assert as_it_is.returncode == 2 and "still invalid: properties.currency" in as_it_is.stdout, as_it_is.stderr
    again = ("replay", "rejected", "--where", mine, "--set", "properties.currency=EUR")
    dry = stack.footpath(*again, "--dry-run")
    assert dry.returncode == 0 and "would be accepted" in dry.stdout and f" {len(rejected)}" in dry.stdout
    record = "deploy.operate.replay.ledger:Ledger.record"
    assert dies(stack, record, 1, *again) == KILLED
    assert dies(stack, record, 2, *again) == KILLED
    last = stack.footpath(*again)
    assert last.returncode == 0, last.stderr
    twin = stack.footpath(*again)
    assert twin.returncode == 0 and "nothing to replay" in twin.stdout

    there = f"SELECT uniqExact(event_id) FROM touchpoint WHERE event_id IN {ids}"
    wait_until(lambda: stack.value(there) == len(rejected))
    earned = f"SELECT source_event_id, rule FROM reward_posted FINAL WHERE source_event_id IN {ids}"
    on_sale = "has(JSONExtract(body, 'on', 'Array(String)'), 'sale')"
    rules = f"SELECT count() FROM brand_configured FINAL WHERE kind = 'reward' AND {on_sale}"
    wait_until(lambda: len({row["source_event_id"] for row in stack.rows(earned)}) == len(rejected))
    rows = [tuple(row.values()) for row in stack.rows(earned)]
    assert len(rows) == len(set(rows)) <= len(rejected) * stack.value(rules)
    replayed = f"SELECT uniqExact(reject_event_id) FROM event_replayed WHERE replayed_event_id IN {ids}"
    wait_until(lambda: stack.value(replayed) == len(rejected))


def test_what_is_rejected_again_waits_as_one_reject(stack: FullStack) -> None:
    """A wrong repair leaves the one waiting reject, however often it is tried. The right one leaves none."""
    (sale,) = sales(1)
    stack.send(sale)
    mine = f"source_event_id = '{sale['event_id']}'"
    wait_until(lambda: stack.rows(f"SELECT 1 FROM event_rejected WHERE {mine}"))
    done = "SELECT reject_event_id FROM event_replayed"
    waiting = f"SELECT count() FROM event_rejected FINAL WHERE {mine} AND event_id NOT IN ({done})"
    for currency in ("euro", "EURO"):
        tried = stack.footpath("replay", "rejected", "--where", mine, "--set", f"properties.currency={currency}")
        assert tried.returncode == 2 and "still invalid: properties.currency" in tried.stdout, tried.stderr
        assert stack.value(waiting) == 1
    helped = stack.footpath("replay", "rejected", "--where", mine, "--set", "properties.currency=EUR")
    assert helped.returncode == 0, helped.stdout
    wait_until(lambda: stack.rows(f"SELECT 1 FROM touchpoint WHERE event_id = '{sale['event_id']}'"))
    wait_until(lambda: stack.value(waiting) == 0)


def test_what_was_no_identifier_becomes_none_by_a_replay(stack: FullStack) -> None:
    """Two strangers who are asked for an e-mail address and have none."""
    logins = [
        {
            "event_id": str(uuid4()),
            "type": "portal_login",
            "occurred_at": NOON,
            "identifiers": [{"type": "email", "value": "keine"}],
        }
        for _ in range(2)
    ]
    assert {result["status"] for result in stack.send(*logins)} == {"rejected"}
    mine = f"source_event_id IN {among([login['event_id'] for login in logins])}"
    wait_until(lambda: len(stack.rows(f"SELECT 1 FROM event_rejected FINAL WHERE {mine}")) == 2)
    for _ in range(2):
        done = stack.footpath("replay", "rejected", "--where", mine)
        assert done.returncode == 2 and "is a placeholder" in done.stdout, done.stdout + done.stderr


def test_what_one_stage_rejected_is_replayed_by_that_stage_alone(stack: FullStack) -> None:
    """Rewards could not decode a scan, context could; the sink could not decode a stock report. Later they can."""
    primary_identifier = f"customer:{uuid4().hex}"
    person, scan_id, stock_id = person_of(primary_identifier), str(uuid4()), str(uuid4())
    tag = stack.run["demo"]["scan"].rpartition("/")[2]
    scan = TouchpointIdentified(
        event_id=scan_id, occurred_at=NOON_US, type="scan", received_at=NOON_US, source="test",
        primary_identifier=primary_identifier,
        identifiers=(primary_identifier,), tag=tag, placement="shelf", person_id=person, source_profile_id=person,
    )  # fmt: skip
    stock = StockReported(
        event_id=stock_id, occurred_at=NOON_US, store="nowhere", sku="KB-1", quantity=3, received_at=NOON_US, source="t"
    )
    rejects = []
    for stage, event, offset in (("rewards", scan, 1_000_000), ("sink", stock, 1_000_000)):
        topic, key, value, _ = CODEC.record(event)
        place = (topic.name, partition_of(key.decode(), PARTITIONS), offset)
        rejects.append(reject_record(stage, *place, NOON_US // 1000, value, reason="unknown_schema", detail="test"))
    unreadable = reject_record(
        "identity", TOUCHPOINT_RECORDED.name, 0, 1_000_000, NOON_US // 1000, b"?", reason="undecodable", detail="test"
    )
    publish(stack, *rejects, unreadable)
    mine = f"event_id IN {among([reject.event_id for reject in (*rejects, unreadable)])}"
    wait_until(lambda: len(stack.rows(f"SELECT event_id FROM event_rejected WHERE {mine}")) == 3)
    for round in range(2):
        done = stack.footpath("replay", "rejected", "--where", mine)
        assert done.returncode == 2 and "still invalid: undecodable" in done.stdout, done.stderr
        assert ("published" in done.stdout and "stored" in done.stdout) == (round == 0), done.stdout
    wait_until(lambda: stack.rows(f"SELECT 1 FROM reward_posted WHERE source_event_id = '{scan_id}'"))
    assert stack.rows(f"SELECT quantity, _partition, _offset FROM stock_reported WHERE event_id = '{stock_id}'") == [
        {"quantity": 3, "_partition": rejects[1].partition, "_offset": 1_000_000}
    ]
    # An answer of context to the first scan would be stored before the answer to the next scan of the same person.
    later = scan.__class__(**{**{f: getattr(scan, f) for f in scan.__struct_fields__}, "event_id": str(uuid4())})
    publish(stack, later)  # type: ignore[arg-type]
    wait_until(lambda: stack.rows(f"SELECT 1 FROM scan_routed WHERE scan_event_id = '{later.event_id}'"))
    assert not stack.rows(f"SELECT 1 FROM scan_routed WHERE scan_event_id = '{scan_id}'")


def test_a_rebuild_that_is_killed_leaves_the_tables_whole(stack: FullStack) -> None:
    """Killed in the middle of the exchange, when one table of two is exchanged. The next run cleans up."""
    tables = [
        f"SELECT count(), sum(sipHash64(*)) AS hash FROM (SELECT * EXCEPT ({but}) FROM {table} FINAL)"
        for table, but in (("identity_changed", "inserted_at"), ("identity_override", "occurred_at"))
    ]
    leftovers = "SELECT name FROM system.tables WHERE database = 'footpath' AND name LIKE '%\\_\\_replay%'"
    before = [stack.rows(table) for table in tables]
    # Two tables and two feeds are created, older rows copied, a comment is set, one table is exchanged.
    assert (
        dies(stack, "deploy.operate.replay.shadow_table:ShadowTables._run", 8, "replay", "topic", "identity-changed")
        == KILLED
    )
    assert [stack.rows(table) for table in tables] == before and stack.rows(leftovers)
    changes = "SELECT count() FROM identity_changed"
    known = stack.value(changes)
    stack.scan()  # the feeds that are left do not disturb inserts
    # A partition of which the sink has committed nothing yet is compared whole.
    wait_until(lambda: stack.value(changes) > known, stack.logs)
    rebuilt = stack.footpath("replay", "topic", "identity-changed")
    assert rebuilt.returncode == 0 and rebuilt.stdout.count("equal") == 2, rebuilt.stdout + rebuilt.stderr
    assert not stack.rows(leftovers)


def test_a_damaged_table_is_rebuilt_from_its_topic_while_phones_scan(stack: FullStack) -> None:
    """A row is deleted: a check finds that, a rebuild restores it, and every scan of meanwhile is stored. As the replay
    twin of all stories here, every table is compared with its topic."""
    first = stack.scan()["Footpath-Event"]
    wait_until(lambda: stack.rows(f"SELECT 1 FROM touchpoint WHERE event_id = '{first}'"))
    stack.change(f"ALTER TABLE touchpoint_identified DELETE WHERE event_id = '{first}' SETTINGS mutations_sync = 2")
    check = stack.footpath("replay", "topic", TOUCHPOINT_IDENTIFIED.name, "--check")
    assert check.returncode == 2 and "different" in check.stdout, check.stdout + check.stderr
    assert not stack.rows(f"SELECT 1 FROM touchpoint_identified WHERE event_id = '{first}'"), "a check changes nothing"
    with subprocess.Popen(
        [sys.executable, "-m", "deploy.cli.main", "replay", "topic", "touchpoint-identified"], env=stack.environ
    ) as rebuild:
        scans = []
        while rebuild.poll() is None:
            scans.append(stack.scan()["Footpath-Event"])
    assert rebuild.returncode == 0
    there = f"SELECT uniqExact(event_id) FROM touchpoint WHERE event_id IN {among([first, *scans])}"
    wait_until(lambda: stack.value(there) == len(scans) + 1)
    checked = stack.footpath("replay", "topic", "all", "--check")
    different = [line for line in checked.stdout.splitlines() if ": different" in line]
    if stack.value("SELECT count() FROM consent_changed WHERE purpose = 'analytics'"):
        # A rebuild leaves out identifiers of who said something of analytics, also of what they did before.
        different = [line for line in different if not line.startswith("touchpoint_recorded:")]
    assert checked.stdout and not different, checked.stdout + checked.stderr


def test_every_state_is_that_of_its_sources(stack: FullStack) -> None:
    """After all other stories, with two people who merge and split; a second comparison gives the same."""
    phone, number = {"type": "device", "value": uuid4().hex[:22]}, {"type": "customer", "value": str(uuid4())}
    about = {"given_name": "Ann", "family_name": "Lee", "birth_date": "1980-02-01", "postal_code": "10115"}
    for kind in ("app_opened", "identity_unlinked", "identity_linked"):
        event = {"type": kind, "occurred_at": NOON, "identifiers": [phone, number], "properties": about}
        assert [result["status"] for result in stack.send(event)] == ["accepted"]

    def compared(name: str) -> StateReplay:
        with tempfile.TemporaryDirectory() as folder:
            return asyncio.run(replay_state(PROCESSORS[name], stack.run["kafka"], CODEC, Path(folder), write=False))

    wait_until(lambda: any(part.keys for part in compared("matching").partitions))
    for name in PROCESSORS:
        wait_until(lambda n=name: all(part.equal for part in compared(n).partitions))  # type: ignore[misc]
    # Signals that identity has sent itself meanwhile have to be applied first.
    wait_until(lambda: not compared("identity").in_flight)
    assert compared("identity") == compared("identity")
    done = stack.footpath("replay", "state", "rewards")
    assert done.returncode == 0 and done.stdout.count("equal") == PARTITIONS, done.stdout + done.stderr


def test_nobody_can_replay_what_a_destroyed_key_protects(stack: FullStack) -> None:
    """After all other stories. The processes that run take the new key with their next reject."""
    old, new = sales(2)
    for sale in (old, new):
        stack.send(sale)
        mine = f"source_event_id = '{sale['event_id']}'"
        wait_until(lambda m=mine: stack.rows(f"SELECT 1 FROM event_rejected WHERE {m}"))  # type: ignore[misc]
        if sale is old:
            (key,) = stack.footpath("reject-keys", "list").stdout.split()
            assert stack.footpath("reject-keys", "destroy", key).returncode == 0
    repair = ("--set", "properties.currency=EUR", "--where")
    lost = stack.footpath("replay", "rejected", *repair, f"source_event_id = '{old['event_id']}'")
    assert lost.returncode == 2 and "still invalid: no_key" in lost.stdout, lost.stdout + lost.stderr
    assert stack.footpath("replay", "rejected", *repair, mine).returncode == 0
