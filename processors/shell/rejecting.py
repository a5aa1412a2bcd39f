"""The reject of a record that a stream task cannot use, as the effect that is published."""

from collections.abc import Sequence
from typing import Protocol

from processors.shell.applied_batch import EncodedEffect, TooLarge, encode_effect
from processors.step import Emit, Reject
from schemas.codec.avro import Codec
from schemas.reasons import RejectReason
from schemas.rejects import raised_by, reject_record
from schemas.topics import Topic


class Record(Protocol):
    """The fields of a Kafka record that a task reads. ``timestamp`` is in milliseconds."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


def encode_reject(
    codec: Codec,
    stage: str,
    topic: Topic,
    partition: int,
    record: Record,
    reject: Reject,
    source_event_id: str,
    partitions: int,
) -> EncodedEffect:
    """The reject of a record of this partition. :param partitions: of event-rejected."""
    rejected = reject_record(
        stage,
        topic.name,
        partition,
        record.offset,
        record.timestamp,
        record.value,
        reason=reject.reason,
        detail=reject.detail,
        field=reject.field,
        source_event_id=source_event_id,
    )
    return encode_effect(codec, Emit(rejected), partitions)


def reject_of(error: Exception) -> Reject:
    """Why a record is rejected on which this was raised."""
    too_large = isinstance(error, TooLarge)
    return Reject(RejectReason.TOO_LARGE if too_large else RejectReason.EXCEPTION, raised_by(error))


def event_id_of(codec: Codec, topic: Topic, record: Record) -> str:
    """The id of a record's event; empty when the record cannot be decoded."""
    try:
        return str(codec.of(topic).decode(record.value).event_id)
    except Exception:  # whatever raised before may raise here
        return ""
