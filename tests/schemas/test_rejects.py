"""The reject of a record fits on its topic, and says which schema the bytes claim only when they claim one."""

from schemas.codec import MARKER, Codec
from schemas.events import EventRejected
from schemas.rejects import reject_record
from schemas.topics import MAX_RECORD_BYTES


def rejected(value: bytes | None) -> EventRejected:
    return reject_record("sink", "footpath.scan-routed.v1", 2, 7, 1_000, value, reason="undecodable", detail="broken")


def test_the_reject_of_the_largest_record_can_be_published() -> None:
    _, key, value, headers = Codec().record(rejected(b"x" * MAX_RECORD_BYTES))
    assert len(key) + len(value) + sum(len(name) + len(text) for name, text in headers) < MAX_RECORD_BYTES


def test_a_replay_gives_the_same_reject() -> None:
    assert rejected(b"garbage") == rejected(b"garbage")


def test_only_a_whole_fingerprint_is_told() -> None:
    assert rejected(MARKER + bytes(range(8)) + b"body").fingerprint == bytes(range(8)).hex()
    assert [rejected(value).fingerprint for value in (MARKER + b"short", b"garbage of some length", None)] == [""] * 3
