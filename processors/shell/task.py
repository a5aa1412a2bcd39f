"""Runs batches of records through a core: decodes them, applies them one by one, collects effects and changed state
records. Synchronous, without Kafka.

A batch counts as a whole or not at all. When a record raises, whatever raises (the core, the codec, a state or an
effect that cannot be written), nothing of the batch has left the task yet: it is applied again record by record, and
the record at fault becomes a reject that leaves neither effects nor a changed state.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from processors import metrics
from processors.shell.applied_batch import AppliedBatch, EncodedEffect, encode_effect, encode_states
from processors.shell.apply import InvalidStep, apply_event
from processors.shell.reject_limit import RejectLimit
from processors.shell.rejecting import Record, encode_reject, event_id_of, reject_of
from processors.shell.state.dedup_window import DedupWindow
from processors.shell.state.records import StateRecord, StateRecordCodec
from processors.shell.state.state_cache import Prefetch, StateCache
from processors.shell.state.store import NO_TIMERS, Store, TimerRows
from processors.shell.timers.firing import Firing, Waits, taken_at
from processors.step import Drop, Emit, Processor, Purge, Reject
from schemas.codec.avro import Codec, Undecodable
from schemas.events import ErasureApplied, Event, StateMoved
from schemas.kafka.addressing import is_for
from schemas.process.errors import OperatorError
from schemas.process.reject_window import RejectLimitExceeded
from schemas.reasons import RejectReason
from schemas.topics import BY_NAME, PARTITIONS, Topic

log = logging.getLogger(__name__)
ALERTED = (RejectReason.EXCEPTION, RejectReason.TOO_LARGE)
"""Rejects that are a bug: their counters exist from the start."""


@dataclass(slots=True)
class StreamTask:
    """The working state of one partition. Every method runs on the partition's event loop and does no I/O but reads of
    the store; the partition calls them, never two at a time.

    Where keys are not people, what a key emits decides which key stores what, so nothing is published that another
    attempt might decide differently: once a key has processed a transactional event (which a replay may process at
    another moment, unless its topic is the only source) or emitted one, all its effects are transactional until that is
    committed. The same holds, for every processor, of a key whose timer was due.

    :param store: complete up to the last commit. :param publish: takes an effect that is not transactional.
        ``changed`` (state rows by key) and ``transactional`` collect what the next commit writes; ``purges`` says
        whether rows that it overwrites had data of somebody who is erased.
    :param partitions: of every topic.
    """

    processor: Processor[Any]
    codec: Codec
    store: Store
    partition: int
    reject_limit: RejectLimit
    publish: Callable[[EncodedEffect], None]
    partitions: int = PARTITIONS
    changed: dict[bytes, bytes] = field(default_factory=dict)
    transactional: list[EncodedEffect] = field(default_factory=list)
    purges: bool = False
    _uncommitted_keys: set[bytes] = field(default_factory=set)
    _committing_keys: set[bytes] = field(default_factory=set)
    _emitted: frozenset[type[Event]] = field(init=False)
    _record_codec: StateRecordCodec = field(init=False)
    _cache: StateCache = field(init=False)
    _dedup_window: DedupWindow = field(init=False)
    _logged: set[str] = field(default_factory=set)
    _firing: Firing | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        of_shell = (StateMoved, ErasureApplied) if self.processor.by_person else ()
        self._emitted = frozenset((*(topic.event for topic in self.processor.emits), *of_shell))
        self._record_codec = StateRecordCodec.of(self.processor)
        self._cache = StateCache(self.store, self._record_codec)
        self._dedup_window = DedupWindow(self.store)
        if self.processor.wakes is not None:
            self._firing = Firing(
                self.processor, self._record_codec, self.codec, self.store, self.partition, self.partitions
            )
        for reason in ALERTED:  # so that the first one is an increase
            metrics.REJECTED.labels(self.processor.name, reason)

    def prefetch(self, records: Sequence[Record]) -> Prefetch | None:
        """Begins to read the state records that these records will need, in a thread; None where that gains nothing.
        Called when a batch is queued, while the task processes the batches before it."""
        return self._cache.prefetch(record.key for record in records)

    def process(
        self,
        topic_name: str,
        records: Sequence[Record],
        reference: Any,
        prefetched: Prefetch | None = None,
        taken_until: int | None = None,
    ) -> int:
        """Applies the records in order; effects go to ``publish`` or ``transactional``, changed state rows to
        ``changed``. A record that was published again for another processor is skipped.

        What a key's state does at a time before Kafka took the record comes before the record.

        A record that raises is rejected, and its reject is transactional: whether it raises may depend on the state,
        and that on the order between topics. After an exception of this method the task is in the middle of a batch
        and must not be committed.

        :param prefetched: what `prefetch` gave for these records. :param taken_until: up to which time (microseconds)
            the other topics were taken; None: far enough; ``LATER``: timers are left for later.
        :returns: how many records were applied: those before the first one that has to wait for other topics.
        :raises RejectLimitExceeded: too many rejects. :raises StateUnreadable: not one record is at fault.
        """
        topic = BY_NAME[topic_name]
        self._cache.install(prefetched)
        applied = len(records)
        try:
            batch = self._apply(topic, records, reference, taken_until)
        except OperatorError:
            raise
        except Waits as waits:
            first = records[: waits.applied]
            return self.process(topic_name, first, reference, None, taken_until) if first else 0
        except Exception:
            # One after the other: each finds the state that the accepted ones before it left.
            applied = self._process_alone(topic, records, reference, taken_until)
        else:
            self._accept(topic, batch)
        try:
            self.reject_limit.end_batch(applied)
        except RejectLimitExceeded as error:
            raise RejectLimitExceeded(f"{self.processor.name} {error}; the last batch is of {topic_name}") from None
        metrics.EVENTS.labels(self.processor.name, topic_name).inc(applied)
        return applied

    def _process_alone(self, topic: Topic, records: Sequence[Record], reference: Any, taken_until: int | None) -> int:
        for number, record in enumerate(records):
            try:
                batch = self._apply_alone(topic, record, reference, taken_until)
            except Waits:
                return number
            self._accept(topic, batch)
        return len(records)

    def _apply(
        self, topic: Topic, records: Sequence[Record], reference: Any, taken_until: int | None = None
    ) -> AppliedBatch:
        """What the records come to. :raises Exception: of one of them; then nothing has changed. :raises Waits: one has
        to wait; likewise."""
        decode, key_of, codec, partitions = self.codec.of(topic).decode, topic.key, self.codec, self.partitions
        processor, record_codec, emitted, dedup_window = (
            self.processor,
            self._record_codec,
            self._emitted,
            self._dedup_window,
        )
        current, find = self._cache.current, self._cache.find
        batch = AppliedBatch()
        changed, plain, transactional, uncommitted = batch.changed, batch.plain, batch.transactional, batch.uncommitted
        by_person, before_batch, committing = processor.by_person, self._uncommitted_keys, self._committing_keys
        firing, before_all = self._firing, dict[bytes, StateRecord | None]()
        # A replay processes one topic alone in the order in which it was processed before.
        many_sources = len(processor.sources) > 1
        try:
            for number, record in enumerate(records):
                if record.headers and not is_for(record.headers, processor.name):
                    continue
                batch.count += 1
                try:
                    event = decode(record.value)
                except Undecodable as error:
                    plain.append(self._reject(topic, record, Reject(error.reason, error.detail), ""))
                    batch.reject(error.reason)
                    continue
                key = key_of(event).encode()
                before = changed.get(key) or current.get(key) or find(key)
                if firing is not None:
                    before_all.setdefault(key, before)
                    if (taken := taken_at(topic, event, record.timestamp)) is not None:
                        before = firing.before_record(batch, number, key, before, taken, taken_until, reference)
                outcome = apply_event(processor, record_codec, before, event, reference, dedup_window)
                after, rejected = outcome.record, False
                if after is not None and after is not before:
                    changed[key] = after
                hold = not by_person and (key in uncommitted or key in before_batch or key in committing)
                hold = hold or (firing is not None and (key in batch.woken or firing.is_uncommitted(key)))
                if topic.transactional and many_sources:
                    uncommitted.add(key)
                for effect in outcome.effects:
                    if type(effect) is Emit:
                        if type(effect.event) not in emitted:
                            name = type(effect.event).__name__
                            raise InvalidStep(f"emitted {name}, which its emits do not declare")
                        if effect.transactional or hold:
                            transactional.append(encode_effect(codec, effect, partitions))
                            uncommitted.add(key)
                        else:
                            plain.append(encode_effect(codec, effect, partitions))
                    elif type(effect) is Drop:
                        batch.drops.append(effect.reason)
                    elif type(effect) is Reject:
                        rejected = True
                        plain.append(self._reject(topic, record, effect, event.event_id))
                        batch.reject(effect.reason)
                    elif type(effect) is Purge:
                        batch.purges = True
                    else:
                        name = type(effect).__name__
                        raise InvalidStep(f"returned the effect {name}, which is none of Emit, Reject, Drop, Purge")
                if outcome.dedup_hash and not rejected:
                    dedup_window.add(outcome.dedup_hash)
                    batch.hashes.append(outcome.dedup_hash)
            batch.states = encode_states(record_codec, changed)
            if firing is not None:
                batch.timers = firing.new_timers(before_all, changed)
        except BaseException:
            dedup_window.take_back(batch.hashes)
            raise
        return batch

    def _apply_alone(self, topic: Topic, record: Record, reference: Any, taken_until: int | None) -> AppliedBatch:
        """What one record comes to: when it raises, the reject and nothing else. :raises Waits: it has to wait."""
        try:
            return self._apply(topic, (record,), reference, taken_until)
        except (OperatorError, Waits):
            raise
        except Exception as error:
            batch, reject = AppliedBatch(count=1), reject_of(error)
            source_event_id = event_id_of(self.codec, topic, record)
            batch.transactional.append(self._reject(topic, record, reject, source_event_id))
            batch.reject(reject.reason)
            if record.key is not None and any(source.transactional for source in self.processor.sources):
                batch.uncommitted.add(record.key)
            self._log_once(topic, record, reject)
            return batch

    def wake(self, until: int, reference: Any, limit: int) -> int:
        """Does what is due: the states of at most ``limit`` keys, in the order of their times. Called when every record
        was applied that Kafka took before ``until`` (microseconds).

        A state at which the core raises stays as it is; it is rejected, and tried again later.

        :returns: how many keys were looked at; fewer than ``limit``: nothing is left.
        """
        firing = self._firing
        assert firing is not None
        for number in range(limit):
            key = firing.timers.pop(until)
            if key is None:
                return number
            before = self._cache.current.get(key) or self._cache.find(key)
            self._take_over(firing.due(key, before, until, reference))
        return limit

    @property
    def next_due(self) -> int | None:
        """When the first timer is due, in microseconds; None: there is none. May block for a read of the store."""
        return self._firing.timers.earliest() if self._firing is not None else None

    def _accept(self, topic: Topic, batch: AppliedBatch) -> None:
        """Makes a batch count. Only the reject limit raises here."""
        self._take_over(batch)
        try:
            self.reject_limit.count(batch.rejected_at, batch.count)
        except RejectLimitExceeded as error:
            last = f"{topic.name} {self.partition}: {batch.rejects[-1]}"
            raise RejectLimitExceeded(f"{self.processor.name} {error}; the last is of {last}") from None

    def _take_over(self, batch: AppliedBatch) -> None:
        name = self.processor.name
        self._cache.current.update(batch.changed)
        self.changed.update(batch.states)
        self._uncommitted_keys |= batch.uncommitted
        self.transactional += batch.transactional
        self.purges |= batch.purges
        for effect in batch.plain:
            self.publish(effect)
        for dropped in batch.drops:
            metrics.DROPPED.labels(name, dropped).inc()
        for reason in batch.rejects:
            metrics.REJECTED.labels(name, reason).inc()
        if self._firing is not None:
            self._firing.take_over(batch)

    def take_changed_rows(self) -> dict[bytes, bytes]:
        """The changed rows, for a commit that begins now; their records stay cached until `after_commit`."""
        rows, self.changed = self.changed, {}
        rows.update(self._dedup_window.take_changed_rows())
        return rows

    def take_changed_timers(self) -> TimerRows:
        """The timers that a commit which begins now writes to the store."""
        return self._firing.take_changed_rows() if self._firing is not None else NO_TIMERS

    def take_transactional(self) -> list[EncodedEffect]:
        """The transactional effects, in order, for a commit that begins now."""
        transactional, self.transactional = self.transactional, []
        self._committing_keys, self._uncommitted_keys = self._uncommitted_keys, set()
        return transactional

    def after_commit(self) -> None:
        """Called when the rows of the last `take_changed_rows` are in the store and its transaction is committed."""
        self._committing_keys = set()
        if self._firing is not None:
            self._firing.after_commit()
        self._cache.rotate()

    def _reject(self, topic: Topic, record: Record, reject: Reject, source_event_id: str) -> EncodedEffect:
        return encode_reject(
            self.codec,
            self.processor.name,
            topic,
            self.partition,
            record,
            reject,
            source_event_id,
            self.partitions,
        )

    def _log_once(self, topic: Topic, record: Record, reject: Reject) -> None:
        """Logs the first record of each cause; the metric counts all."""
        if reject.detail not in self._logged:
            self._logged.add(reject.detail)
            log.error(
                "a record was set aside: %s",
                reject.detail,
                extra={
                    "processor": self.processor.name,
                    "topic": topic.name,
                    "partition": self.partition,
                    "offset": record.offset,
                },
            )
