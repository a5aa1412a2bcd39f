"""The reject of a record on a topic: the same form for every process that rejects one."""

from collections.abc import Sequence

from schemas.codec.avro import HEADER_BYTES, MARKER
from schemas.events import EventRejected
from schemas.ids import derived
from schemas.reasons import RejectReason

PUBLISHING = "publishing"
"""Stage of a record that Kafka refused: it is on no topic yet."""
RAW_KEPT_BYTES = 1 << 20
"""Bytes of a rejected record that event-rejected keeps: no event is longer, and the reject must fit its own topic."""


def reject_record(
    stage: str,
    topic: str,
    partition: int,
    offset: int,
    timestamp_ms: int,
    value: bytes | None,
    *,
    reason: RejectReason,
    detail: str,
    field: str = "",
    source_event_id: str = "",
) -> EventRejected:
    """The reject of one record; its id is derived from stage, topic, partition, offset and time, so a replay gives the
    same, and a record at the same position of another Kafka does not.

    :param stage: process or processor that rejects. :param value: the record as it is; of a longer one the first
        ``RAW_KEPT_BYTES`` are kept. :param field: path of the field at fault, where there is one.
    """
    raw = value or b""
    return EventRejected(
        event_id=derived("rejected", stage, topic, str(partition), str(offset), str(timestamp_ms)),
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


def reject_of_refused(
    topic: str, value: bytes, headers: Sequence[tuple[str, bytes]], timestamp_ms: int, error: BaseException
) -> EventRejected:
    """The reject of a record that Kafka refused, which has neither partition nor offset; its id follows from its event,
    so another attempt gives the same."""
    event_id = dict(headers).get("event-id", b"").decode()
    return EventRejected(
        event_id=derived("rejected", PUBLISHING, topic, event_id),
        occurred_at=timestamp_ms * 1000,
        stage=PUBLISHING,
        reason=RejectReason.UNPUBLISHED,
        detail=f"Kafka answered {type(error).__name__}",
        source_event_id=event_id,
        raw=value[:RAW_KEPT_BYTES],
        topic=topic,
    )


def reject_of_due(
    stage: str, topic: str, partition: int, key: bytes, at_us: int, state: bytes, reason: RejectReason, detail: str
) -> EventRejected:
    """The reject of what a key's state does at the time at which it wakes, which has no record; its id follows from
    the key and that time, so another attempt gives the same. :param topic: the changelog. :param state: as it is
    there."""
    return EventRejected(
        event_id=derived("rejected", stage, topic, key.decode(), str(at_us)),
        occurred_at=at_us,
        stage=stage,
        reason=reason,
        detail=detail,
        raw=state[:RAW_KEPT_BYTES],
        topic=topic,
        partition=partition,
    )


def raised_by(error: BaseException) -> str:
    """The ``detail`` of a record on which this was raised: the class and the innermost place, and nothing of the
    message, which may quote the record."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    place = f" in {at.tb_frame.f_globals.get('__name__', '?')}, line {at.tb_lineno}" if at is not None else ""
    return f"{type(error).__name__}{place}"
