"""Runs a processor on events without Kafka: state records in memory, and effects as short sentences.

With ``twice``, every event is applied a second time at once, and ``replay`` applies all of them again at the end:
nothing new may follow.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from processors.reference import Reference
from processors.rewards.references import NOTHING, meet, refer
from processors.rewards.references import Reference as Meeting
from processors.shell.apply import apply_due, apply_event, wakes_at
from processors.shell.state.forwarded import Forwarded, event_of
from processors.shell.state.records import Active, StateRecord, StateRecordCodec
from processors.step import PURGE, Drop, Effect, Emit, Processor, Reject
from schemas.events import (
    ConsentChanged,
    ConsentStated,
    CouponRequested,
    ErasureApplied,
    Event,
    ExperimentExposed,
    IdentityChanged,
    PointsMoved,
    ProfileErased,
    RewardPosted,
    SaleReferenced,
    SaleReturned,
    ScanRouted,
    StateMoved,
    TouchpointIdentified,
)
from schemas.topics import BY_EVENT, SALE_RETURNED
from tests.support.builders import event_id, person

REFERENCES = (SaleReferenced, SaleReturned)


@dataclass
class Harness:
    """A processor with its state records, by key.

    :param twice: apply every event twice and compare the effects. :param held: where it is a list, collects what brings
    returns to their sales instead of delivering it. ``referenced`` has all of that. Without
    ``finds_sales`` a processor that learns from rewards whose sale a return names is not told.
    """

    processor: Processor[Any]
    reference: Reference
    twice: bool = False
    records: dict[str, StateRecord] = field(default_factory=dict)
    applied: list[tuple[Event, Reference]] = field(default_factory=list)
    emitted: dict[str, bytes] = field(default_factory=dict)
    recent: set[bytes] = field(default_factory=set)
    held: list[Event] | None = None
    finds_sales: bool = True
    referenced: list[Event] = field(default_factory=list)
    references: dict[str, Meeting] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._codec = StateRecordCodec(self.processor.state)

    def apply(self, *events: Event) -> list[Effect]:
        """Applies the events in order and gives all effects, in order. Transfers are not delivered: see ``deliver``.
        What brings a return to the sale that it names is delivered at once, unless ``held``, and is not among the
        effects."""
        effects: list[Effect] = []
        for event in events:
            self.applied.append((event, self.reference))
            first = self._apply(event, self.reference)
            for effect in first:
                if isinstance(effect, Emit):
                    self.emitted[effect.event.dedup_id] = msgspec.msgpack.encode(effect.event)
            if self.twice:
                self._assert_known(self._apply(event, self.reference), self.reference)
            between = [e.event for e in first if isinstance(e, Emit) and isinstance(e.event, REFERENCES)]
            self.referenced += between
            effects += [e for e in first if not (isinstance(e, Emit) and isinstance(e.event, REFERENCES))]
            between += self._found(event)
            if self.held is not None:
                self.held += between
            else:
                effects += self.apply(*between)
        return effects

    def _found(self, event: Event) -> list[Event]:
        """The returns that an event shows to belong to a sale, for a processor that learns them from rewards."""
        if not self.finds_sales:
            return []
        learns = SALE_RETURNED in self.processor.sources and SALE_RETURNED not in self.processor.emits
        if not learns or not isinstance(event, TouchpointIdentified) or event.type not in ("sale", "return"):
            return []
        if event.type == "return" and not event.related_event_id:
            return []
        referenced = refer(event).event
        assert isinstance(referenced, SaleReferenced)
        known = self.references.get(referenced.sale_event_id, NOTHING)
        self.references[referenced.sale_event_id], found = meet(known, referenced)
        return [one.event for one in found if isinstance(one, Emit)]

    def wake(self, until: int) -> list[Effect]:
        """Does what is due until then (microseconds), of all keys in the order of time; once more would do nothing."""
        effects: list[Effect] = []
        for _ in range(1000):
            due = [
                (at, key)
                for key, record in self.records.items()
                if (at := wakes_at(self.processor, record)) is not None
            ]
            if not due or min(due)[0] > until:
                return effects
            at, key = min(due)
            record = self.records[key]
            assert isinstance(record, Active)
            outcome = apply_due(self.processor, record, at, self.reference)
            assert outcome.record is not None
            self.records[key] = self._codec.decode(self._codec.encode(outcome.record))
            effects += outcome.effects
        raise AssertionError("timers go on for ever")

    def deliver(self, effects: Iterable[Effect]) -> list[Effect]:
        """Applies the transfers among the effects, and those that follow from them, until there are none left."""
        done: list[Effect] = []
        moving = [
            effect.event for effect in effects if isinstance(effect, Emit) and isinstance(effect.event, StateMoved)
        ]
        for hop in range(100):
            if not moving:
                return done
            assert hop < 99, "transfers go round in a circle"
            done += (came := self.apply(*moving))
            moving = [
                effect.event for effect in came if isinstance(effect, Emit) and isinstance(effect.event, StateMoved)
            ]
        return done

    def run(self, *events: Event) -> list[str]:
        """Applies the events one by one, delivers transfers at once, and gives all effects as sentences."""
        effects: list[Effect] = []
        for event in events:
            effects += (now := self.apply(event))
            effects += self.deliver(now)
        return [sentence(effect) for effect in effects if effect is not PURGE]

    def state(self, who: str) -> Any:
        """The core's state of a person, None when there is none."""
        record = self.records.get(person(who))
        return record.state if isinstance(record, Active) else None

    def replay(self) -> None:
        """Applies all events once more: every state stays as it is."""
        before = dict(self.records)
        for event, reference in self.applied:
            self._assert_known(self._apply(event, reference), reference)
        assert {k: _without_window(v) for k, v in self.records.items()} == {
            k: _without_window(v) for k, v in before.items()
        }

    def _apply(self, event: Event, reference: Reference) -> tuple[Effect, ...]:
        key = BY_EVENT[type(event)].key(event)
        outcome = apply_event(self.processor, self._codec, self.records.get(key), event, reference, self.recent)
        self.recent |= {outcome.dedup_hash}
        if outcome.record is not None:
            self.records[key] = self._codec.decode(self._codec.encode(outcome.record))
        return outcome.effects

    def _assert_known(self, effects: tuple[Effect, ...], reference: Reference) -> None:
        """Every effect was emitted before, with the same bytes; or it is a transfer to where a part is by now, and
        nothing follows from it there."""
        for effect in effects:
            if not isinstance(effect, Emit):
                continue
            known = self.emitted.get(effect.event.dedup_id)
            if known is None and isinstance(effect.event, StateMoved):
                self._assert_known(self._apply(effect.event, reference), reference)
            else:
                assert known == msgspec.msgpack.encode(effect.event), effect


def _without_window(record: StateRecord) -> Any:
    return record.state if isinstance(record, Active) else record


def sentence(effect: Effect) -> str:
    """An effect in a few words."""
    match effect:
        case Drop(reason):
            return f"dropped: {reason}"
        case Reject(reason, detail, field):
            return f"rejected: {reason}, {field} {detail}"
        case Emit(PointsMoved() as message, None):
            return f"{message.points} points go to {name(message.person_id)}"
        case Emit(RewardPosted(kind="refused") as reward, None):
            return f"{name(reward.person_id)} is refused {name(reward.source_event_id)}: {reward.reason}"
        case Emit(RewardPosted(rule="") as reward, None) if reward.source_event_id:
            lot = f" of {reward.lot[:10]}" if reward.lot else ""
            whose = name(reward.source_profile_id)
            return f"{whose} {reward.points:+}{lot} {reward.kind} for {name(reward.source_event_id)}"
        case Emit(RewardPosted(source_event_id="") as reward, None):
            return f"{name(reward.person_id)} {reward.points:+} {reward.kind}"
        case Emit(RewardPosted(kind="reversed", forgiven=forgiven) as reward, None) if forgiven:
            taken = f"{name(reward.person_id)} {reward.points:+} {reward.rule} for {name(reward.source_event_id)}"
            return f"{taken}, {forgiven} forgiven"
        case Emit(RewardPosted() as reward, None):
            return f"{name(reward.person_id)} {reward.points:+} {reward.rule} for {name(reward.source_event_id)}"
        case Emit(StateMoved() as moved, None):
            if moved.processor in ("rewards", "context", "consent") and (forwarded := _forwarded(moved)):
                return f"{name(forwarded)} is forwarded to {name(moved.winner_person_id)}"
            return f"{name(moved.source_profile_id)} moves to {name(moved.winner_person_id)}"
        case Emit(ScanRouted() as routed, partition):
            assert partition == routed.reply_partition
            return f"{name(routed.scan_event_id)}: {routed.moment}, {routed.route}"
        case Emit(ExperimentExposed() as exposed, None):
            return f"{name(exposed.source_profile_id)} sees {exposed.variant} of {exposed.experiment}, {exposed.why}"
        case Emit(CouponRequested() as asked, None):
            return f"{asked.key.partition('/')[0]} hears of {asked.action} {asked.reason}".strip()
        case Emit(ConsentChanged() as said, None):
            about = f"{said.purpose}/{said.channel}".rstrip("/") or "nothing"
            before = f", was {said.before}" if said.before else ""
            return f"{name(said.person_id)}: {about} {said.after} by {said.kind}{before}"
        case Emit(ErasureApplied() as applied, None):
            return f"{applied.processor} erased {name(applied.source_profile_id)}: {applied.removed}"
        case Emit(ConsentStated() as stated, None):
            return f"{name(stated.source_profile_id)} has said it, too"
        case Emit(TouchpointIdentified() as event, None):
            return f"{name(event.event_id)} is {name(event.person_id)}"
        case Emit(IdentityChanged() as change, None):
            return f"{name(change.person_id)} {change.change}"
    raise AssertionError(effect)


def _forwarded(moved: StateMoved) -> str:
    """The id of the event that a transfer forwards, empty when it carries a part. A return on its way to its sale has
    its own."""
    transfer = StateRecordCodec(msgspec.Struct).decode_transfer(moved.state) if moved.state[1:3] == b"\xa1f" else None
    if not isinstance(transfer, Forwarded):
        return ""
    event = event_of(transfer)
    if isinstance(event, ProfileErased):
        return event.source_profile_id
    return str(event.return_event_id if isinstance(event, SaleReturned) else event.event_id)


PEOPLE = ("anna", "ben", "cleo", "dora")
TYPES = (
    "scan",
    "nfc_tap",
    "sale",
    "return",
    "store_entry",
    "store_exit",
    "page_view",
    "probe",
    "merged",
    "split",
    "consent_given",
    "consent_withdrawn",
    "points_spent",
    "points_returned",
    "points_adjusted",
    "points_transferred",
)
NAMES = {person(who): who for who in PEOPLE} | {
    event_id(f"{type}-{number}"): f"{type}-{number}" for type in TYPES for number in range(1, 10)
}


def balance(harness: Harness, who: str) -> int | None:
    """Points in the rewards account of a person, None without an account."""
    account = harness.state(who)
    return None if account is None else int(account.balance)


def name(id: str) -> str:
    """The short name of a person or an event."""
    return NAMES[id]
