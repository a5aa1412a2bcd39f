"""The reject of a record fits on its topic, and carries a schema fingerprint only where the bytes have a whole one."""

from schemas.codec.avro import MARKER, Codec
from schemas.events import EventRejected
from schemas.reasons import RejectReason
from schemas.rejects import reject_record
from schemas.topics import MAX_RECORD_BYTES


def rejected(value: bytes | None) -> EventRejected:
    return reject_record(
        "sink", "footpath.scan-routed.v1", 2, 7, 1_000, value, reason=RejectReason.UNDECODABLE, detail="broken"
    )


def test_the_reject_of_the_largest_record_can_be_published() -> None:
    _, key, value, headers = Codec().record(rejected(b"x" * MAX_RECORD_BYTES))
    assert len(key) + len(value) + sum(len(name) + len(text) for name, text in headers) < MAX_RECORD_BYTES


def test_a_replay_gives_the_same_reject() -> None:
    assert rejected(b"garbage") == rejected(b"garbage")


def test_only_a_whole_fingerprint_is_reported() -> None:
    assert rejected(MARKER + bytes(range(8)) + b"body").fingerprint == bytes(range(8)).hex()
    assert [rejected(value).fingerprint for value in (MARKER + b"short", b"garbage of some length", None)] == [""] * 3
