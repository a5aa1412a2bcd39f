"""The reject of a record that some process found on a topic: one form, whoever refuses it."""

from schemas.codec import HEADER_BYTES, MARKER
from schemas.events import EventRejected
from schemas.ids import derived

RAW_KEPT_BYTES = 1 << 20
"""Bytes of a rejected record that event-rejected keeps: no event is longer, and the topic must be able to take it."""


def reject_record(
    stage: str,
    topic: str,
    partition: int,
    offset: int,
    timestamp_ms: int,
    value: bytes | None,
    *,
    reason: str,
    detail: str,
    field: str = "",
    source_event_id: str = "",
) -> EventRejected:
    """Its id follows from the stage and where the record is, so a replay gives the same."""
    raw = value or b""
    return EventRejected(
        event_id=derived("rejected", stage, topic, str(partition), str(offset)),
        occurred_at=timestamp_ms * 1000,
        stage=stage,
        reason=reason,
        detail=detail,
        field=field,
        source_event_id=source_event_id,
        fingerprint=raw[2:HEADER_BYTES].hex() if raw[:2] == MARKER and len(raw) >= HEADER_BYTES else "",
        raw=raw[:RAW_KEPT_BYTES],
        topic=topic,
        partition=partition,
        offset=offset,
    )
