"""What a batch of records comes to before any of it counts: everything encoded, nothing published, no state changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from processors.shell.state.records import StateRecord, StateRecordCodec
from processors.step import Emit
from schemas.codec.avro import Codec
from schemas.events import Event
from schemas.kafka.partitioner import partition_of
from schemas.kafka.producer import Row
from schemas.reasons import DropReason, RejectReason
from schemas.topics import FRAMING_BYTES, MAX_RECORD_BYTES, MAX_STATE_BYTES


class TooLarge(Exception):
    """An effect or a state is larger than the brokers take. The message has the size and no data."""


class EncodedEffect(msgspec.Struct, frozen=True, gc=False):
    """An effect as the row that Kafka gets, and the topic and partition that get it."""

    event: Event
    topic: str
    partition: int
    row: Row


@dataclass(slots=True)
class AppliedBatch:
    """``changed`` has the state records by key and ``states`` their rows; ``uncommitted`` the keys whose effects are
    transactional from here on; ``hashes`` what was added to the dedup window; ``rejected_at`` the positions of the
    rejected ones among the ``count`` records that were applied; ``woken`` the keys whose timers were due,
    ``timers`` the new ones, each with its time; ``purges`` says whether a state had data of somebody who is erased."""

    changed: dict[bytes, StateRecord] = field(default_factory=dict)
    states: dict[bytes, bytes] = field(default_factory=dict)
    plain: list[EncodedEffect] = field(default_factory=list)
    transactional: list[EncodedEffect] = field(default_factory=list)
    uncommitted: set[bytes] = field(default_factory=set)
    hashes: list[bytes] = field(default_factory=list)
    drops: list[DropReason] = field(default_factory=list)
    rejects: list[RejectReason] = field(default_factory=list)
    rejected_at: list[int] = field(default_factory=list)
    count: int = 0
    woken: set[bytes] = field(default_factory=set)
    timers: list[tuple[int, bytes]] = field(default_factory=list)
    purges: bool = False

    def reject(self, reason: RejectReason) -> None:
        """Counts a reject of the latest record, once however many rejects it has.

        A conflict says nothing about this code: any sender can make as many as it likes, so it is no reject for the
        limits that stop a worker.
        """
        self.rejects.append(reason)
        if reason == RejectReason.CONFLICT:
            return
        if not self.rejected_at or self.rejected_at[-1] != self.count - 1:
            self.rejected_at.append(self.count - 1)


def encode_effect(codec: Codec, effect: Emit, partitions: int) -> EncodedEffect:
    """The row of an effect on its partition.

    :raises TooLarge: no topic takes it. :raises ValueError: it names a partition that its topic does not have.
    :raises Exception: a field does not fit the schema.
    """
    topic, key, value, headers = codec.record(effect.event)
    partition = effect.partition
    if partition is None:
        partition = partition_of(key.decode(), partitions)
    elif not 0 <= partition < partitions:
        raise ValueError(f"{topic.name} has no partition {partition}")
    if len(key) + len(value) > MAX_RECORD_BYTES - FRAMING_BYTES:
        raise TooLarge(f"a record for {topic.name} of {len(key) + len(value):,} bytes")
    return EncodedEffect(effect.event, topic.name, partition, (key, value, headers))


def encode_states(codec: StateRecordCodec, changed: Mapping[bytes, Any]) -> dict[bytes, bytes]:
    """The rows of state records. :raises TooLarge: no changelog takes one. :raises Exception: one cannot be encoded."""
    encode = codec.encode
    rows = {key: encode(record) for key, record in changed.items()}
    for key, row in rows.items():
        if len(key) + len(row) > MAX_STATE_BYTES - FRAMING_BYTES:
            raise TooLarge(f"a state of {len(row):,} bytes")
    return rows
