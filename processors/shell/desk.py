"""Runs a batch of records through a core: decode, take turns, collect effects and changed rows. No waiting, no
Kafka."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from processors import metrics
from processors.shell.at_hand import Asked, AtHand
from processors.shell.kept import Kept, KeptCodec
from processors.shell.recent import Recent
from processors.shell.store import Store
from processors.shell.turn import take_turn
from processors.step import Drop, Emit, Processor, Reject
from schemas.addressed import is_for
from schemas.codec import Codec, Undecodable
from schemas.events import Event
from schemas.rejects import reject_record
from schemas.topics import BY_NAME, Topic

log = logging.getLogger(__name__)


class Record(Protocol):
    """What is needed of a Kafka record. ``timestamp`` is in milliseconds."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class TooManyRejects(Exception):
    """Nothing but rejects for a long time: a broken deploy, not broken events."""


@dataclass(slots=True)
class Desk:
    """The working state of one partition, whose ``store`` is complete. ``dirty`` and ``sealed`` collect what the next
    commit has to write.

    Where keys are no persons, what a key emits decides whose things are kept where, so nothing gets out that another
    attempt might decide otherwise: once a key took something sealed, which a replay may take at another moment, or
    emitted something sealed, all that it emits is sealed until that is committed.
    """

    processor: Processor[Any]
    codec: Codec
    store: Store
    partition: int
    reject_limit: int
    publish: Callable[[Event, int | None], None]
    dirty: dict[bytes, Kept] = field(default_factory=dict)
    sealed: list[Emit] = field(default_factory=list)
    _unsettled: set[bytes] = field(default_factory=set)
    _settling: set[bytes] = field(default_factory=set)
    _rejects_in_a_row: int = 0
    _kept_codec: KeptCodec = field(init=False)
    _at_hand: AtHand = field(init=False)
    _recent: Recent = field(init=False)

    def __post_init__(self) -> None:
        self._kept_codec = KeptCodec(self.processor.state)
        self._at_hand = AtHand(self.store, self._kept_codec)
        self._recent = Recent(self.store)

    def ask(self, records: Sequence[Record]) -> Asked | None:
        """Begins to read what the records will need when their turn comes; None where that brings nothing."""
        return self._at_hand.ask(record.key for record in records)

    def take(self, topic_name: str, records: Sequence[Record], world: Any, asked: Asked | None = None) -> None:
        """Gives every record its turn, in order; effects go to ``publish`` or ``sealed``, changed states to
        ``dirty``. A record that is published again for another processor is passed over.

        :param asked: what was begun for them with ``ask``.
        """
        topic = BY_NAME[topic_name]
        decode, key_of = self.codec.of(topic).decode, topic.key
        processor, kept_codec, dirty = self.processor, self._kept_codec, self.dirty
        publish, recent = self.publish, self._recent
        self._at_hand.use(asked)
        young, find = self._at_hand.young, self._at_hand.find
        for record in records:
            if record.headers and not is_for(record.headers, processor.name):
                continue
            try:
                event = decode(record.value)
            except Undecodable as error:
                self._reject(topic, record, Reject(error.reason, error.detail), "")
                continue
            key = key_of(event).encode()
            before = young.get(key) or find(key)
            turn = take_turn(processor, kept_codec, before, event, world, recent)
            after, rejected = turn.kept, False
            if after is not None and after is not before:
                young[key] = dirty[key] = after
            seal = not processor.by_person and (key in self._unsettled or key in self._settling)
            if topic.sealed:
                self._unsettled.add(key)
            for effect in turn.effects:
                if type(effect) is Emit:
                    if effect.sealed or seal:
                        self.sealed.append(effect)
                        self._unsettled.add(key)
                    else:
                        publish(effect.event, effect.partition)
                elif type(effect) is Drop:
                    metrics.DROPPED.labels(processor.name, effect.reason).inc()
                elif type(effect) is Reject:
                    rejected = True
                    self._reject(topic, record, effect, event.event_id)
            if not rejected:
                self._rejects_in_a_row = 0
                if turn.passed:
                    recent.add(turn.passed)
        metrics.EVENTS.labels(self.processor.name, topic_name).inc(len(records))

    def take_dirty(self) -> dict[bytes, bytes]:
        """Hands the changed rows to a commit; their states stay at hand until ``committed``."""
        changed, self.dirty = self.dirty, {}
        encode = self._kept_codec.encode
        rows = {key: encode(kept) for key, kept in changed.items()}
        rows.update(self._recent.take_rows())
        return rows

    def take_sealed(self) -> list[Emit]:
        """Hands the sealed effects to a commit, in order."""
        sealed, self.sealed = self.sealed, []
        self._settling, self._unsettled = self._unsettled, set()
        return sealed

    def committed(self) -> None:
        """The rows of the last ``take_dirty`` are in the store now, and what was sealed is out."""
        self._settling = set()
        self._at_hand.committed()

    def _reject(self, topic: Topic, record: Record, reject: Reject, source_event_id: str) -> None:
        self._rejects_in_a_row += 1
        if self._rejects_in_a_row > self.reject_limit:
            raise TooManyRejects(
                f"{self.processor.name} rejected {self.reject_limit} events in a row, the last at {topic.name} "
                f"{self.partition}/{record.offset}: {reject.reason}; FOOTPATH_WORKER_REJECT_LIMIT sets the limit"
            )
        metrics.REJECTED.labels(self.processor.name, reject.reason).inc()
        rejected = reject_record(
            self.processor.name,
            topic.name,
            self.partition,
            record.offset,
            record.timestamp,
            record.value,
            reason=reject.reason,
            detail=reject.detail,
            field=reject.field,
            source_event_id=source_event_id,
        )
        self.publish(rejected, None)
