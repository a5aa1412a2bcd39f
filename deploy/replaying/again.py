"""What becomes of a rejected event with today's code, worked out without sending anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from deploy.replaying.repair import Change, Misfit, decode, encode, repaired
from gateway.rejects import STAGE as GATEWAY
from processors.shell.kept import KeptCodec
from processors.shell.turn import take_turn
from processors.step import Processor, Reject
from processors.world import World
from schemas.addressed import HEADER
from schemas.codec import Codec, Headers, Undecodable
from schemas.events import EventRejected
from schemas.ids import derived
from schemas.rejects import RAW_KEPT_BYTES
from schemas.topics import BY_NAME, Topic
from sinks.rows import STAGE as SINK
from sinks.rows import Placed, Rows, Sorter

NOT_JSON = "no_json"
"""Of an event that could not be read the gateway keeps the beginning as text: nothing to send."""
NO_SUCH_FIELD = "no_such_field"
CUT = "cut"
"""Longer than what event-rejected keeps of a record."""
NOT_THE_GATEWAYS = "set_is_for_the_gateway"
"""--set and --drop are for events of the API; records on topics are what their writer made."""
UNKNOWN_STAGE = "unknown_stage"


@dataclass(frozen=True, slots=True)
class Send:
    """Through the events API."""

    event_id: str
    text: bytes


@dataclass(frozen=True, slots=True)
class Publish:
    """On its topic once more, for the one stage that refused it."""

    event_id: str
    topic: Topic
    partition: int
    key: bytes
    value: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class Write:
    """Straight into its table, from the place where it stands."""

    event_id: str
    topic: Topic
    rows: Rows


@dataclass(frozen=True, slots=True)
class Stays:
    """Still cannot be used."""

    reason: str


Fate = Send | Publish | Write | Stays


class Judge:
    """Today's code. :param changes: what the operator repairs."""

    def __init__(
        self, codec: Codec, processors: dict[str, Processor[Any]], world: World, changes: Sequence[Change]
    ) -> None:
        self._codec = codec
        self._processors = processors
        self._kept = {name: KeptCodec(processor.state) for name, processor in processors.items()}
        self._world = world
        self._changes = changes

    def judge(self, reject: EventRejected) -> Fate:
        """What to do about a reject."""
        if reject.stage == GATEWAY:
            return self._from_gateway(reject)
        if self._changes:
            return Stays(NOT_THE_GATEWAYS)
        topic = BY_NAME.get(reject.topic)
        if topic is None or reject.stage not in topic.read_by:
            return Stays(UNKNOWN_STAGE)
        if len(reject.raw) == RAW_KEPT_BYTES:
            return Stays(CUT)
        return self._to_table(reject, topic) if reject.stage == SINK else self._to_topic(reject, topic)

    def _from_gateway(self, reject: EventRejected) -> Fate:
        try:
            event = decode(reject.raw)
            if not isinstance(event, dict):
                return Stays(NOT_JSON)
            if reject.source_event_id:
                # In the text it may be hashed: the digits of some ids could be a phone number.
                event["event_id"] = reject.source_event_id
            event = repaired(event, self._changes)
            # Given once and for all: whoever replays it again sends the same event.
            event.setdefault("event_id", derived("replayed", reject.event_id))
        except Misfit:
            return Stays(NO_SUCH_FIELD)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return Stays(NOT_JSON)
        return Send(str(event["event_id"]), encode(event))

    def _to_topic(self, reject: EventRejected, topic: Topic) -> Fate:
        codec, processor = self._codec.of(topic), self._processors[reject.stage]
        try:
            event = codec.decode(reject.raw)
        except Undecodable as error:
            return Stays(error.reason)
        # Cores refuse an event for what it says, whatever they remember of its key.
        turn = take_turn(processor, self._kept[reject.stage], None, event, self._world)
        if refused := [effect for effect in turn.effects if isinstance(effect, Reject)]:
            return Stays(refused[0].reason)
        headers = [*codec.headers(event.event_id), (HEADER, reject.stage.encode())]
        key = topic.key(event).encode()
        return Publish(event.event_id, topic, reject.partition, key, reject.raw, headers)

    def _to_table(self, reject: EventRejected, topic: Topic) -> Fate:
        place = Placed(topic.name, reject.partition, reject.offset, reject.occurred_at // 1000, reject.raw)
        rows = Sorter(topic, self._codec.of(topic)).sort([place])
        if rows.rejects:
            return Stays(rows.rejects[0].reason)
        return Write(self._codec.of(topic).decode(reject.raw).event_id, topic, rows)
