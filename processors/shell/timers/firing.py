"""Timers of one stream task: what the states of keys do at the times at which they wake.

The time of a timer decides, not when it is looked at: a state does what it does at 10:00 with the events that were
taken before 10:00, and an event of 10:01 finds it done. So before a record is applied its key does what was due until
then. That needs all topics to have been taken until then; a record for which they were not has to wait (`Waits`).
Everything else is done when the partition knows that all topics were taken up to some time (`watch.py`).

Topics have no order among each other, so a replay may find another state at that time. The effects are therefore
transactional, and so are all others of the key until they are committed.
"""

import logging
from collections.abc import Mapping
from typing import Any

from processors import metrics
from processors.registry import PROCESSORS
from processors.shell.applied_batch import AppliedBatch, EncodedEffect, encode_effect, encode_states
from processors.shell.apply import InvalidStep, apply_due, wakes_at
from processors.shell.rejecting import reject_of
from processors.shell.state.records import Active, StateRecord, StateRecordCodec, StateUnreadable
from processors.shell.state.store import Store, TimerRows
from processors.shell.timers.index import TimerIndex
from processors.step import Drop, Emit, Processor
from schemas.codec.avro import Codec
from schemas.events import Event
from schemas.process.errors import OperatorError
from schemas.reasons import DropReason
from schemas.rejects import reject_of_due
from schemas.topics import Topic, changelog

log = logging.getLogger(__name__)
MOST_AT_ONCE = 10_000
"""Times at which one state may act in one go: one that wakes every microsecond would hold its partition for ever."""
RETRY_AFTER_US = 3_600_000_000
"""After which a state is tried again at which the core raised: a release that mends it finds what was due."""
LATER = -1
"""In the place of the time up to which other topics were taken: nothing is known of them, timers are left for later."""


class Waits(Exception):
    """A record has to wait until other topics were taken further. ``applied``: how many records come before it."""

    def __init__(self, applied: int) -> None:
        super().__init__(applied)
        self.applied = applied


def taken_at(topic: Topic, event: Event, timestamp_ms: int) -> int | None:
    """When the system took an event, in microseconds: when a gateway received it, however late a processor passes it
    on. None: the event does not say, and its record is of a processor, which may have been away.

    :param timestamp_ms: the brokers' stamp of its record.
    """
    received_at: int | None = getattr(event, "received_at", None)
    if received_at is not None:
        return min(received_at, timestamp_ms * 1000)
    return None if any(writer in PROCESSORS for writer in topic.written_by) else timestamp_ms * 1000


class Firing:
    """Used by one stream task, on its event loop.

    :param store: complete up to the last commit. :param partitions: of every topic.
    """

    def __init__(
        self,
        processor: Processor[Any],
        record_codec: StateRecordCodec,
        codec: Codec,
        store: Store,
        partition: int,
        partitions: int,
    ) -> None:
        self.timers = TimerIndex(store)
        self._processor = processor
        self._record_codec = record_codec
        self._codec = codec
        self._partition = partition
        self._partitions = partitions
        self._emitted = frozenset(topic.event for topic in processor.emits)
        self._woken: set[bytes] = set()
        self._committing: set[bytes] = set()
        self._failed: dict[bytes, int] = {}
        """The time of the timer, by key, at which the core raised."""

    def before_record(
        self,
        batch: AppliedBatch,
        number: int,
        key: bytes,
        record: StateRecord | None,
        taken: int,
        taken_until: int | None,
        reference: Any,
    ) -> StateRecord | None:
        """The state record of a key when it has done what was due before a record; what follows goes into the batch.

        :param number: of the record in the batch. :param taken: see `taken_at`. :raises Waits: other topics were not
            taken so far.
        """
        if taken_until == LATER:
            return record
        for _ in range(MOST_AT_ONCE):
            due = wakes_at(self._processor, record)
            if due is None or due > taken or self._failed.get(key) == due:
                return record
            if taken_until is not None and taken_until < due:
                raise Waits(number)
            assert isinstance(record, Active)
            # One after the other: what is due next may follow from what is due now.
            record = self._fire(batch, key, record, due, reference)
        raise InvalidStep(f"one state is due {MOST_AT_ONCE} times at once")

    def due(self, key: bytes, record: StateRecord | None, until: int, reference: Any) -> AppliedBatch:
        """What a key's state does until then (microseconds), and when it wakes next."""
        batch = AppliedBatch()
        try:
            at = wakes_at(self._processor, record)
        except Exception as error:
            self._set_aside(batch, key, record, until, error)
            batch.timers.append((until + RETRY_AFTER_US, key))
            return batch
        if at is not None and at <= until:
            assert isinstance(record, Active)
            record = self._fire(batch, key, record, until, reference)
            at = until + RETRY_AFTER_US if key in self._failed else wakes_at(self._processor, record)
        if at is not None:
            batch.timers.append((at, key))
        return batch

    def new_timers(
        self, before: Mapping[bytes, StateRecord | None], after: Mapping[bytes, StateRecord]
    ) -> list[tuple[int, bytes]]:
        """Timers of states that changed, where no earlier one of the key is in the index."""
        found = []
        for key, record in after.items():
            at = wakes_at(self._processor, record)
            if at is None:
                continue
            earlier = wakes_at(self._processor, before[key])
            if earlier is None or at < earlier or key in self._failed:
                found.append((at, key))
        return found

    def is_uncommitted(self, key: bytes) -> bool:
        """Whether a timer of the key was due and that is not committed yet."""
        return key in self._woken or key in self._committing

    def take_over(self, batch: AppliedBatch) -> None:
        """Makes what a batch has of timers count."""
        self._woken |= batch.woken
        for at, key in batch.timers:
            self.timers.add(at, key)

    def take_changed_rows(self) -> TimerRows:
        """For a commit that begins now."""
        self._committing, self._woken = self._woken, set()
        return self.timers.take_changed_rows()

    def after_commit(self) -> None:
        self._committing = set()
        self.timers.after_commit()

    def _fire(
        self, batch: AppliedBatch, key: bytes, record: Active[Any], until: int, reference: Any
    ) -> StateRecord | None:
        """Everything that the state does until then, or nothing of it where the core raises."""
        at, before = wakes_at(self._processor, record), record
        effects: list[EncodedEffect] = []
        drops: list[DropReason] = []
        try:
            for _ in range(MOST_AT_ONCE):
                if at is None or at > until:
                    break
                outcome = apply_due(self._processor, record, at, reference)
                for effect in outcome.effects:
                    if type(effect) is Emit and type(effect.event) in self._emitted:
                        effects.append(encode_effect(self._codec, effect, self._partitions))
                    elif type(effect) is Drop:
                        drops.append(effect.reason)
                    else:
                        raise InvalidStep(f"due returned the effect {type(effect).__name__}, which it may not have")
                metrics.TIMERS.labels(self._processor.name).inc()
                assert isinstance(outcome.record, Active)
                record, at = outcome.record, wakes_at(self._processor, outcome.record)
            else:
                raise InvalidStep(f"one state is due {MOST_AT_ONCE} times at once")
            states = encode_states(self._record_codec, {key: record})
        except (OperatorError, StateUnreadable):
            raise
        except Exception as error:
            self._set_aside(batch, key, before, wakes_at(self._processor, before) or until, error)
            return before
        self._failed.pop(key, None)
        batch.changed[key] = record
        batch.states |= states
        batch.woken.add(key)
        batch.uncommitted.add(key)
        batch.transactional += effects
        batch.drops += drops
        return record

    def _set_aside(
        self, batch: AppliedBatch, key: bytes, record: StateRecord | None, at: int, error: Exception
    ) -> None:
        """The reject of a state at which the core raised; it stays as it is."""
        name = self._processor.name
        why = reject_of(error)
        state = self._record_codec.encode(record) if record is not None else b""
        reject = reject_of_due(name, changelog(name), self._partition, key, at, state, why.reason, why.detail)
        batch.transactional.append(encode_effect(self._codec, Emit(reject), self._partitions))
        batch.uncommitted.add(key)
        batch.rejects.append(why.reason)
        self._failed[key] = at
        log.error(
            "a timer was set aside: %s",
            why.detail,
            extra={"processor": name, "partition": self._partition},
        )
