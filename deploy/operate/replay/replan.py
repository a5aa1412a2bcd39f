"""What becomes of a rejected event with today's code, worked out without sending anything."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from deploy.operate.replay.gateway_rejects import CUT, Accepted, GatewayRejects, StillInvalid
from deploy.operate.replay.repair import Change
from gateway.events_api.errors import ValidationError
from gateway.events_api.parse_values import parse_id
from gateway.events_api.rejects import STAGE as GATEWAY
from processors.reference import Reference
from processors.shell.apply import apply_event
from processors.shell.state.records import StateRecordCodec
from processors.step import Processor, Reject
from schemas.codec.avro import Codec, Headers, Undecodable
from schemas.events import EventRejected
from schemas.ids import event_id_of, namespace_of
from schemas.kafka.addressing import HEADER
from schemas.protection.cipher import Damaged
from schemas.protection.keys import KeyDestroyed
from schemas.reasons import RejectReason
from schemas.rejects import PUBLISHING, RAW_KEPT_BYTES
from schemas.topics import BY_NAME, TOUCHPOINT_RECEIVED, Topic
from sinks.clickhouse.record_router import STAGE as SINK
from sinks.clickhouse.record_router import CheckedRecords, RecordRouter, SourceRecord

NOT_FROM_GATEWAY = "set_is_for_the_gateway"
"""--set and --drop change events of the API; records of topics stay as their writer made them."""
UNKNOWN_STAGE = "unknown_stage"
NO_KEY = "no_key"
"""The key that protects its bytes is not in FOOTPATH_REJECT_KEY_FILE: it was destroyed, or the file is another one."""
NO_BYTES = "no_bytes"
"""The process that rejected it had no key, so it kept no bytes."""
DAMAGED = "damaged"
"""Its protected bytes were changed or cut."""


@dataclass(frozen=True, slots=True)
class Publish:
    """Publish it on its topic again, addressed to the one stage that rejected it."""

    event_id: str
    topic: Topic
    partition: int
    key: bytes
    value: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class Write:
    """Write it into its table, under the partition and offset of its record."""

    event_id: str
    topic: Topic
    rows: CheckedRecords


Disposition = Accepted | Publish | Write | StillInvalid


class Replanner:
    """Runs rejects through today's code.

    :param reveal: gives the bytes of a reject in clear, see ``RejectKeys.reveal``.
    :param gateway_rejects: for what the events API rejected.
    :param changes: what the operator repairs in events of the API.
    """

    def __init__(
        self,
        codec: Codec,
        processors: Mapping[str, Processor[Any]],
        reference: Reference,
        reveal: Callable[[bytes], bytes],
        gateway_rejects: GatewayRejects,
        changes: Sequence[Change],
    ) -> None:
        self._codec = codec
        self._processors = processors
        self._records = {name: StateRecordCodec.of(processor) for name, processor in processors.items()}
        self._reference = reference
        self._reveal = reveal
        self._gateway_rejects = gateway_rejects
        self._changes = changes

    def plan(self, reject: EventRejected) -> Disposition:
        """What to do about a reject; it sends nothing."""
        try:
            reject = msgspec.structs.replace(reject, raw=self._reveal(reject.raw))
        except KeyDestroyed:
            return StillInvalid(NO_KEY)
        except Damaged:
            return StillInvalid(DAMAGED)
        if not reject.raw:
            return StillInvalid(NO_BYTES)
        if reject.stage == GATEWAY:
            return self._gateway_rejects.plan(reject)
        if reject.reason == RejectReason.CONFLICT:
            return self._under_another_id(reject)
        if self._changes:
            return StillInvalid(NOT_FROM_GATEWAY)
        topic = BY_NAME.get(reject.topic)
        if topic is None or reject.stage not in (*topic.read_by, PUBLISHING):
            return StillInvalid(UNKNOWN_STAGE)
        if len(reject.raw) == RAW_KEPT_BYTES:
            return StillInvalid(CUT)
        if reject.stage == PUBLISHING:
            return self._as_recorded(reject, topic)
        return self._to_table(reject, topic) if reject.stage == SINK else self._to_topic(reject, topic)

    def _as_recorded(self, reject: EventRejected, topic: Topic) -> Disposition:
        """What Kafka refused is on no topic yet: it is published for all readers."""
        try:
            event = self._codec.of(topic).decode(reject.raw)
        except Undecodable as error:
            return StillInvalid(error.reason)
        return Accepted(event.event_id, event)

    def _under_another_id(self, reject: EventRejected) -> Disposition:
        """What intake rejected as a conflict is an event of its own once the operator gives it another id."""
        given = [change.value for change in self._changes if change.path == ("event_id",) and not change.drop]
        if reject.topic != TOUCHPOINT_RECEIVED.name or len(given) != len(self._changes) or len(given) != 1:
            return StillInvalid(reject.reason)
        try:
            event = self._codec.of(TOUCHPOINT_RECEIVED).decode(reject.raw)
            own_id = parse_id(given[0], "event_id")
        except (Undecodable, ValidationError):
            return StillInvalid(reject.reason)
        event_id = event_id_of(namespace_of(event.event_id), own_id)
        return Accepted(event_id, msgspec.structs.replace(event, event_id=event_id))

    def _to_topic(self, reject: EventRejected, topic: Topic) -> Disposition:
        codec, processor = self._codec.of(topic), self._processors[reject.stage]
        try:
            event = codec.decode(reject.raw)
        except Undecodable as error:
            return StillInvalid(error.reason)
        # Cores reject an event for its contents, whatever their state is: an empty one is enough.
        try:
            outcome = apply_event(processor, self._records[reject.stage], None, event, self._reference)
        except Exception:  # the core raises on it, still
            return StillInvalid(RejectReason.EXCEPTION)
        if rejects := [effect for effect in outcome.effects if isinstance(effect, Reject)]:
            return StillInvalid(rejects[0].reason)
        headers = [*codec.headers(event.event_id), (HEADER, reject.stage.encode())]
        key = topic.key(event).encode()
        return Publish(event.event_id, topic, reject.partition, key, reject.raw, headers)

    def _to_table(self, reject: EventRejected, topic: Topic) -> Disposition:
        record = SourceRecord(topic.name, reject.partition, reject.offset, reject.occurred_at // 1000, reject.raw)
        rows = RecordRouter(topic, self._codec.of(topic)).check([record])
        if rows.rejects:
            return StillInvalid(rows.rejects[0].reason)
        return Write(self._codec.of(topic).decode(reject.raw).event_id, topic, rows)
