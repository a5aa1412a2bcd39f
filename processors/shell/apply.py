"""One event applied to the state record of its key, as a pure function: duplicates, people who merge and split, erased
source profiles, then the core. Called by the stream task for each record; never blocks.

When identity gives a source profile another person, its part travels to that person on state-moved, and so does every
event that arrives later under the former person: both take one ordered path, so the part's dedup window arrives before
its late events. Each processor forwards its own transfers, for itself alone: an event forwarded on the shared topic
would be applied twice by a processor that has not moved its part yet. A forwarded event still names the person that
it was published under: topics have no order among each other, so a replay may process a merge earlier than the first
run did, and the effects of the event must have the same ids and bytes.

For the same reason an identity change may arrive before the part itself, or after a newer change. Of all changes of one
source profile the highest version wins, in whatever order they arrive, and a transfer for a part that has left is sent
on under its redirect's higher version. So no transfer circles for ever, and none is lost.

An erasure follows the part as events do. It leaves a mark at every key that it passes, the redirect of the highest
version, so nothing of the source profile that arrives later is taken, moved or forwarded there.

An event is forwarded when the part of its source profile has left the key that the event arrived at: the event's
``source_profile_id``, or its key where the class has no such field or leaves it empty.
"""

from collections.abc import Container
from typing import Any

import msgspec

from processors.shell.state.forwarded import Forwarded, event_of, forwarded
from processors.shell.state.records import (
    ERASED,
    NO_REDIRECT,
    Active,
    Redirect,
    StateRecord,
    StateRecordCodec,
    extend_window,
    not_in_window,
)
from processors.step import PURGE, Drop, Effect, Emit, Processor, Step
from schemas.events import ErasureApplied, Event, IdentityChanged, ProfileErased, StateMoved
from schemas.ids import derived, hash64_bytes
from schemas.reasons import DropReason
from schemas.topics import BY_EVENT

DUPLICATE = Drop(DropReason.DUPLICATE)
OF_ERASED = Drop(DropReason.ERASED)
MOVING = frozenset((IdentityChanged, StateMoved, ProfileErased))


class InvalidStep(Exception):
    """A core returned something that is no Step, or an effect that it may not have."""


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """The state record afterwards (the same object when nothing changed) and the effects, in order. ``dedup_hash`` is
    the hash of an event id that the partition's dedup window has to store, because the key's state record does not."""

    record: StateRecord | None
    effects: tuple[Effect, ...] = ()
    dedup_hash: bytes = b""


def apply_event(
    processor: Processor[Any],
    codec: StateRecordCodec,
    record: StateRecord | None,
    event: Event,
    reference: Any,
    dedup_window: Container[bytes] = frozenset(),
) -> Outcome:
    """The outcome of one event.

    :param record: the state record of the event's key. :param dedup_window: hashes that the partition stores.
    :raises InvalidStep: the core returned something that is no Step.
    """
    if processor.by_person and type(event) in MOVING:
        match event:
            case IdentityChanged(change="merged" | "split"):
                return _move_part(processor, codec, record, event)
            case IdentityChanged():
                return Outcome(record)
            case ProfileErased():
                return _erase(processor, codec, record, event)
            case StateMoved() if event.processor != processor.name:
                return Outcome(record)
            case StateMoved():
                return _receive(processor, codec, record, event, reference)
    if record is None:
        return _step(processor, None, event, reference, dedup_window)
    if record.redirects and (redirect := record.redirects.get(_source_profile(event), NO_REDIRECT)).to:
        return _forward(processor, codec, record, event, redirect)
    return _step(processor, record, event, reference, dedup_window)


def wakes_at(processor: Processor[Any], record: StateRecord | None) -> int | None:
    """When the state of a record wakes (microseconds); None: it has none, or it does not."""
    if processor.wakes is None or record is None or record.state is None:
        return None
    return processor.wakes(record.state)


def apply_due(processor: Processor[Any], record: Active[Any], at: int, reference: Any) -> Outcome:
    """The outcome of the time at which the state of a record wakes.

    :raises InvalidStep: the core returned something that is no Step, or a state that does not wake later.
    """
    assert processor.due is not None, f"{processor.name} has wakes without due"
    step = processor.due(record.state, at, reference)
    if type(step) is not Step:
        raise InvalidStep(f"due returned {type(step).__name__}, not Step")
    after = Active(step.state, record.seen, record.redirects)
    if (again := wakes_at(processor, after)) is not None and again <= at:
        raise InvalidStep("due returned a state that does not wake later")
    return Outcome(after, step.effects)


def _step(
    processor: Processor[Any],
    record: Active[Any] | None,
    event: Event,
    reference: Any,
    dedup_window: Container[bytes] = frozenset(),
) -> Outcome:
    state, seen, redirects = (record.state, record.seen, record.redirects) if record is not None else (None, b"", {})
    if processor.knows_duplicates:
        known: Step[Any] = processor.step(state, event, reference)
        if type(known) is not Step:
            raise InvalidStep(f"step returned {type(known).__name__}, not Step")
        same = known.state is state
        return Outcome(record if same else Active(known.state), known.effects)
    event_hash = hash64_bytes(event.dedup_id)
    if event_hash in seen or event_hash in dedup_window:
        return Outcome(record, (DUPLICATE,))
    step = processor.step(state, event, reference)
    if type(step) is not Step:
        raise InvalidStep(f"step returned {type(step).__name__}, not Step")
    if step.state is None:
        return Outcome(record, step.effects)
    if step.state is state and not processor.by_person:
        # A person's window moves with the person's parts, so there the key stores the id.
        return Outcome(record, step.effects, event_hash)
    return Outcome(Active(step.state, extend_window(seen, event_hash), redirects), step.effects)


def _source_profile(event: Event) -> str:
    """The source profile that an event belongs to: without one of its own, the person that it is keyed by."""
    return getattr(event, "source_profile_id", "") or BY_EVENT[type(event)].key(event)


def _move_part(
    processor: Processor[Any], codec: StateRecordCodec, record: StateRecord | None, event: IdentityChanged
) -> Outcome:
    """A source profile belongs to another person from now on: its part travels there once, later events follow."""
    profile, to = event.source_profile_id or event.person_id, event.into_person_id
    if to == event.person_id:
        return Outcome(record)
    before: Active[Any] = record if record is not None else Active(None)
    if event.version <= before.redirects.get(profile, NO_REDIRECT).version:
        return Outcome(record)
    stays, leaves = processor.split(before.state, profile) if before.state is not None else (None, None)
    # What stays may have depended on what leaves.
    rest: Step[Any] = processor.merge(None, stays) if stays is not None else Step(None)
    # An empty part travels too: its receiver learns that later events of the source profile are to be applied there.
    transfer = StateMoved(
        event_id=derived("moved", processor.name, event.person_id, profile, str(event.version)),
        occurred_at=event.occurred_at,
        processor=processor.name,
        winner_person_id=to,
        loser_person_id=event.person_id,
        state=codec.encode(Active(leaves, before.seen)),
        source_event_id=event.event_id,
        source_profile_id=profile,
        version=event.version,
    )
    after = Active(rest.state, before.seen, before.redirects | {profile: Redirect(event.version, to)})
    return Outcome(after, (Emit(transfer, transactional=True), *rest.effects))


def _receive(
    processor: Processor[Any], codec: StateRecordCodec, record: StateRecord | None, event: StateMoved, reference: Any
) -> Outcome:
    """A transfer arrives: a part, or an event that follows one."""
    before: Active[Any] = record if record is not None else Active(None)
    profile = event.source_profile_id or event.loser_person_id
    redirect = before.redirects.get(profile, NO_REDIRECT)
    if redirect == ERASED:
        return _refuse(processor, codec, before, event)
    if redirect.to and redirect.version > event.version:
        onward = msgspec.structs.replace(
            event,
            event_id=derived("moved on", event.event_id, str(redirect.version)),
            winner_person_id=redirect.to,
            version=redirect.version,
        )
        return Outcome(record, (Emit(onward, transactional=True),))
    redirects = before.redirects
    if event.version > redirect.version or redirect.to:
        redirects = redirects | {profile: Redirect(event.version)}
    transfer = codec.decode_transfer(event.state)
    if isinstance(transfer, Forwarded):
        here, late = Active(before.state, before.seen, redirects), event_of(transfer)
        if isinstance(late, ProfileErased):
            return _erase(processor, codec, here, late, event.winner_person_id)
        return _step(processor, here, late, reference)
    # The window is not looked at: it is about events, and merging the same part twice changes nothing.
    if transfer.state is None:
        merged: Step[Any] = Step(before.state)
    else:
        merged = processor.merge(before.state, transfer.state)
        if type(merged) is not Step:
            raise InvalidStep(f"merge returned {type(merged).__name__}, not Step")
    seen = extend_window(transfer.seen, not_in_window(transfer.seen, before.seen))
    return Outcome(Active(merged.state, seen, redirects), merged.effects)


def _erase(
    processor: Processor[Any],
    codec: StateRecordCodec,
    record: StateRecord | None,
    event: ProfileErased,
    followed_to: str = "",
) -> Outcome:
    """A source profile is erased: its part is removed here, or the erasure follows it. Every key on the way keeps a
    mark, since something of the source profile may still be on its way there.

    :param followed_to: the key to which it has followed the part; empty: it came on its own topic.
    """
    before: Active[Any] = record if record is not None else Active(None)
    # The window has come with parts from other keys, and where the erasure has passed it may come back.
    profile, event_hash = (
        event.source_profile_id,
        hash64_bytes(f"{event.event_id}\x1f{followed_to}\x1f{event.person_id}"),
    )
    if event_hash in before.seen:
        return Outcome(record, (DUPLICATE,))
    seen = extend_window(before.seen, event_hash)
    redirect = before.redirects.get(profile, NO_REDIRECT)
    redirects = before.redirects | {profile: ERASED}
    if redirect.to and redirect != ERASED:
        onward = _forward(processor, codec, before, event, redirect)
        return Outcome(Active(before.state, seen, redirects), onward.effects)
    stays, leaves = processor.split(before.state, profile) if before.state is not None else (None, None)
    if leaves is None:
        return Outcome(Active(before.state, seen, redirects), (_applied(processor, event, 0),))
    rest: Step[Any] = processor.merge(None, stays) if stays is not None else Step(None)
    applied = _applied(processor, event, processor.size(leaves))
    after = Active(rest.state, seen, redirects)
    return Outcome(after, (*processor.erase(leaves), *rest.effects, applied, PURGE))


def _applied(processor: Processor[Any], event: ProfileErased, removed: int) -> Emit:
    """The report of an erasure. It depends on what was done before, so it is transactional."""
    applied = ErasureApplied(
        event_id=derived("erasure applied", event.event_id, processor.name),
        occurred_at=event.occurred_at,
        request_id=event.request_id,
        processor=processor.name,
        source_profile_id=event.source_profile_id,
        removed=removed,
    )
    return Emit(applied, transactional=True)


def _refuse(processor: Processor[Any], codec: StateRecordCodec, record: Active[Any], event: StateMoved) -> Outcome:
    """A transfer of a source profile that is erased: a part is removed as if it had been here, an erasure has arrived,
    and other events are dropped."""
    transfer = codec.decode_transfer(event.state)
    if not isinstance(transfer, Forwarded):
        effects = processor.erase(transfer.state) if transfer.state is not None else ()
        return Outcome(record, (*effects, OF_ERASED))
    late = event_of(transfer)
    if isinstance(late, ProfileErased):
        return _erase(processor, codec, record, late, event.winner_person_id)
    return Outcome(record, (OF_ERASED,))


def _forward(
    processor: Processor[Any], codec: StateRecordCodec, record: Active[Any], event: Event, redirect: Redirect
) -> Outcome:
    """The event was published under a person that its source profile has left: it follows the part, unless that is
    erased."""
    if redirect == ERASED:
        return Outcome(record, (OF_ERASED,))
    key = BY_EVENT[type(event)].key(event)
    transfer = StateMoved(
        event_id=derived("forwarded", processor.name, event.dedup_id, key, str(redirect.version)),
        occurred_at=event.occurred_at,
        processor=processor.name,
        winner_person_id=redirect.to,
        loser_person_id=key,
        state=codec.encode(forwarded(event)),
        source_event_id=event.event_id,
        source_profile_id=_source_profile(event),
        version=redirect.version,
    )
    return Outcome(record, (Emit(transfer, transactional=True),))
