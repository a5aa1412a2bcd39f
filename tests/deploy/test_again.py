"""What becomes of a reject with today's code: each way out, and every reason to stay."""

import hashlib
from typing import Any

import msgspec
import pytest

from deploy.replaying.again import (
    CUT,
    NOT_JSON,
    NOT_THE_GATEWAYS,
    UNKNOWN_STAGE,
    Judge,
    Publish,
    Send,
    Stays,
    Write,
)
from deploy.replaying.repair import read_changes
from processors.worker import PROCESSORS
from schemas.addressed import HEADER, is_for
from schemas.codec import Codec
from schemas.events import EventRejected
from schemas.ids import derived
from schemas.rejects import RAW_KEPT_BYTES, reject_record
from schemas.topics import TOUCHPOINT_IDENTIFIED
from tests.stories.telling import scan, told
from tests.stories.world import world

CODEC = Codec()
(SCAN,) = told(scan("shelf"))
VALUE = CODEC.of(TOUCHPOINT_IDENTIFIED).encode(SCAN)


def judge(*sets: str) -> Judge:
    return Judge(CODEC, PROCESSORS, world(), read_changes(sets, []))


def sent(raw: bytes, source_event_id: str = "") -> EventRejected:
    """As the gateway refuses it."""
    return EventRejected(
        event_id=derived("rejected", "gateway", hashlib.sha256(raw).hexdigest()),
        occurred_at=1,
        stage="gateway",
        reason="invalid",
        detail="",
        source_event_id=source_event_id,
        raw=raw,
    )


def met(stage: str, value: bytes, topic: str = TOUCHPOINT_IDENTIFIED.name) -> EventRejected:
    """As somebody refuses it on a topic."""
    return reject_record(stage, topic, 2, 7, 1_000, value, reason="unknown_schema", detail="")


def test_an_event_of_the_api_keeps_its_id_or_gets_the_same_one_in_every_replay() -> None:
    """The masked text may have lost the id: digits in it could have been a phone number."""
    known, nameless = sent(b'{"event_id":"phone:1f","type":"x"}', "e-1"), sent(b'{"type":"x"}')
    assert judge("type=scan").judge(known) == Send("e-1", b'{"event_id":"e-1","type":"scan"}')
    first, again = judge().judge(nameless), judge().judge(nameless)
    assert isinstance(first, Send) and first == again
    assert msgspec.json.decode(first.text) == {"type": "x", "event_id": first.event_id}


@pytest.mark.parametrize("raw", [b"no json", b"[1]", b'{"a":', b'{"a":NaN}'])
def test_what_was_no_event_stays(raw: bytes) -> None:
    assert judge().judge(sent(raw)) == Stays(NOT_JSON)


@pytest.mark.parametrize("stage", ["context", "rewards", "likeness"])
def test_what_a_processor_can_read_by_now_is_published_for_it_alone(stage: str) -> None:
    fate = judge().judge(met(stage, VALUE))
    assert isinstance(fate, Publish)
    assert (fate.event_id, fate.topic, fate.partition, fate.value) == (SCAN.event_id, TOUCHPOINT_IDENTIFIED, 2, VALUE)
    assert fate.key.decode() == SCAN.person_id and (HEADER, stage.encode()) in fate.headers
    assert [name for name in PROCESSORS if is_for(fate.headers, name)] == [stage]


def test_what_the_sink_can_read_by_now_goes_to_its_table_from_where_it_stands() -> None:
    fate = judge().judge(met("sink", VALUE))
    assert isinstance(fate, Write) and fate.event_id == SCAN.event_id
    (((partition, offset, _),),) = [bodies for _, bodies in fate.rows.blocks]
    assert (partition, offset) == (2, 7)


def test_what_the_core_still_refuses_stays_with_its_reason() -> None:
    """A stranger's producer wrote a sale of less than nothing: it can be read, and not be used."""
    fields: dict[str, Any] = {name: getattr(SCAN, name) for name in SCAN.__struct_fields__}
    fields |= {"properties": '{"traits":"none"}'}
    odd = CODEC.of(TOUCHPOINT_IDENTIFIED).encode(type(SCAN)(**fields))
    assert judge().judge(met("likeness", odd)) == Stays("invalid")
    assert isinstance(judge().judge(met("context", odd)), Publish)


def test_reasons_to_stay() -> None:
    for fate, reject in (
        ("undecodable", met("context", b"?")),
        ("unknown_schema", met("sink", VALUE[:2] + b"12345678" + VALUE[10:])),
        (CUT, met("rewards", VALUE[:10] + bytes(RAW_KEPT_BYTES))),
        (UNKNOWN_STAGE, met("identity", VALUE)),
        (UNKNOWN_STAGE, met("rewards", VALUE, "footpath.nothing.v1")),
    ):
        assert judge().judge(reject) == Stays(fate)
    assert judge("type=scan").judge(met("rewards", VALUE)) == Stays(NOT_THE_GATEWAYS)
