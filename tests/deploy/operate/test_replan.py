"""What becomes of a reject with today's code: each disposition, and every reason to be still invalid."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy.operate.key_files import add_key, destroy_keys, key_ids
from deploy.operate.replay.gateway_rejects import CUT, Accepted, GatewayRejects, StillInvalid
from deploy.operate.replay.repair import read_changes
from deploy.operate.replay.replan import (
    DAMAGED,
    NO_BYTES,
    NO_KEY,
    NOT_FROM_GATEWAY,
    UNKNOWN_STAGE,
    Publish,
    Replanner,
    Write,
)
from gateway.brand.live import build_brand_view
from processors.registry import PROCESSORS
from schemas.brand.load import load
from schemas.codec.avro import Codec
from schemas.events import EventRejected, TouchpointReceived
from schemas.kafka.addressing import HEADER, is_for
from schemas.process.shared_settings import REJECT_KEY_FILE
from schemas.protection.reject_keys import RejectKeys
from schemas.rejects import RAW_KEPT_BYTES, reject_record
from schemas.topics import TOUCHPOINT_IDENTIFIED, TOUCHPOINT_RECEIVED
from tests.support.builders import build_events, scan
from tests.support.gateway_process import BRAND, IDENTIFIER_KEY
from tests.support.reference import reference

CODEC = Codec()
(SCAN,) = build_events(scan("shelf"))
VALUE = CODEC.of(TOUCHPOINT_IDENTIFIED).encode(SCAN)


def replanner(*sets: str, reveal: Callable[[bytes], bytes] = bytes) -> Replanner:
    changes = read_changes(sets, [])
    gateway_rejects = GatewayRejects(
        lambda: build_brand_view(load(BRAND), IDENTIFIER_KEY), changes, lambda event: False
    )
    return Replanner(CODEC, PROCESSORS, reference(), reveal, gateway_rejects, changes)


def rejected_on_topic(stage: str, value: bytes, topic: str = TOUCHPOINT_IDENTIFIED.name) -> EventRejected:
    """A record of a topic that a processor or the sink rejected."""
    return reject_record(stage, topic, 2, 7, 1_000, value, reason="unknown_schema", detail="")


def test_the_bytes_of_a_reject_need_their_key(tmp_path: Path) -> None:
    """A destroyed key, bytes that were never kept, and bytes that were changed: each is said, and nothing is sent."""
    file = tmp_path / "reject.keys"
    add_key(file, REJECT_KEY_FILE.name)
    keys = RejectKeys(file)
    protected = keys.protect(VALUE)
    read = replanner(reveal=keys.reveal)
    assert isinstance(read.plan(rejected_on_topic("rewards", protected)), Publish)
    assert read.plan(rejected_on_topic("rewards", VALUE)) == read.plan(rejected_on_topic("rewards", protected))
    assert read.plan(rejected_on_topic("rewards", b"")) == StillInvalid(NO_BYTES)
    assert read.plan(rejected_on_topic("rewards", protected[:-1])) == StillInvalid(DAMAGED)
    destroy_keys(file, key_ids(file, REJECT_KEY_FILE.name), REJECT_KEY_FILE.name)
    assert read.plan(rejected_on_topic("rewards", protected)) == StillInvalid(NO_KEY)


@pytest.mark.parametrize("stage", ["context", "rewards", "matching"])
def test_what_a_processor_can_read_by_now_is_published_for_it_alone(stage: str) -> None:
    plan = replanner().plan(rejected_on_topic(stage, VALUE))
    assert isinstance(plan, Publish)
    assert (plan.event_id, plan.topic, plan.partition, plan.value) == (SCAN.event_id, TOUCHPOINT_IDENTIFIED, 2, VALUE)
    assert plan.key.decode() == SCAN.person_id and (HEADER, stage.encode()) in plan.headers
    assert [name for name in PROCESSORS if is_for(plan.headers, name)] == [stage]


def test_what_the_sink_can_read_by_now_goes_to_its_table_from_where_it_stands() -> None:
    plan = replanner().plan(rejected_on_topic("sink", VALUE))
    assert isinstance(plan, Write) and plan.event_id == SCAN.event_id
    (((partition, offset, _),),) = [bodies for _, bodies in plan.rows.blocks]
    assert (partition, offset) == (2, 7)


def test_what_the_core_rejects_again_is_still_invalid_for_the_same_reason() -> None:
    """Its traits have a format that no gateway writes: the event can be decoded, and not be used."""
    fields: dict[str, Any] = {name: getattr(SCAN, name) for name in SCAN.__struct_fields__}
    fields |= {"properties": '{"traits":"none"}'}
    odd = CODEC.of(TOUCHPOINT_IDENTIFIED).encode(type(SCAN)(**fields))
    assert replanner().plan(rejected_on_topic("matching", odd)) == StillInvalid("invalid")
    assert isinstance(replanner().plan(rejected_on_topic("context", odd)), Publish)


def test_reasons_to_be_still_invalid() -> None:
    for reason, reject in (
        ("undecodable", rejected_on_topic("context", b"?")),
        ("unknown_schema", rejected_on_topic("sink", VALUE[:2] + b"12345678" + VALUE[10:])),
        (CUT, rejected_on_topic("rewards", VALUE[:10] + bytes(RAW_KEPT_BYTES))),
        (UNKNOWN_STAGE, rejected_on_topic("identity", VALUE)),
        (UNKNOWN_STAGE, rejected_on_topic("rewards", VALUE, "footpath.nothing.v1")),
    ):
        assert replanner().plan(reject) == StillInvalid(reason)
    assert replanner("type=scan").plan(rejected_on_topic("rewards", VALUE)) == StillInvalid(NOT_FROM_GATEWAY)


def test_what_intake_rejected_as_a_conflict_is_an_event_under_another_id_alone() -> None:
    event = TouchpointReceived(
        event_id="till/1001", type="page_view", occurred_at=1, received_at=1, source="till",
        primary_identifier=f"customer:{'a' * 32}", identifiers=(f"customer:{'a' * 32}",), content="1" * 32,
    )  # fmt: skip
    value = CODEC.of(TOUCHPOINT_RECEIVED).encode(event)
    reject = reject_record("intake", TOUCHPOINT_RECEIVED.name, 0, 7, 1_000, value, reason="conflict", detail="")
    assert replanner().plan(reject) == StillInvalid("conflict")
    assert replanner("event_id=1001-b").plan(reject) == Accepted(
        "till/1001-b", msgspec.structs.replace(event, event_id="till/1001-b")
    )
    for wrong in (["event_id=no id"], ["type=scan"], ["event_id=1", "type=scan"]):
        assert replanner(*wrong).plan(reject) == StillInvalid("conflict")
    broken = msgspec.structs.replace(reject, raw=b"no event")
    assert replanner("event_id=1001-b").plan(broken) == StillInvalid("conflict")
