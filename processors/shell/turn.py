"""One record's turn, as a pure function: duplicates, people who merged, split or were erased, then the core.

When an own person gets another name, its part travels to that name on state-moved, and so does every event that comes
for it later under the old one: one path, in order, so that the memory of duplicates is there before the late events.
Each processor forwards its own, for it alone: on the shared topic the event of a part that another processor has not
moved yet would earn for both. A forwarded event still names the person that identity saw: topics have no order among
each other, so a replay may take a merge earlier than the first run did, and what follows from the event must have the
same id and bytes.

Topics without order also mean that news of a name may come before the part itself, or after a newer name: of all that
is said of one own person the highest version is true, whatever comes first, and whoever is sent something for a part
that has gone sends it on under a higher version. So nothing circles for ever, and nothing is lost.
"""

from collections.abc import Container
from typing import Any

import msgspec

from processors.shell.kept import UNHEARD, Active, Erased, Forwarded, Kept, KeptCodec, Place, remember, unknown_to
from processors.step import Drop, Effect, Emit, Processor, Step
from schemas.events import Event, IdentityChanged, StateMoved, TouchpointIdentified
from schemas.ids import derived, mark_bytes

DUPLICATE = Drop("duplicate")
ERASED = Drop("erased")
MOVING = frozenset((IdentityChanged, StateMoved))


class Turn(msgspec.Struct, frozen=True, gc=False):
    """What is kept for the key afterwards (the same object when nothing changed), and the effects in order. ``passed``
    is the mark of an event that the partition has to remember, because the key does not."""

    kept: Kept | None
    effects: tuple[Effect, ...] = ()
    passed: bytes = b""


def take_turn(
    processor: Processor[Any],
    codec: KeptCodec,
    kept: Kept | None,
    event: Event,
    world: Any,
    recent: Container[bytes] = frozenset(),
) -> Turn:
    """The turn of one event whose key has ``kept``. ``recent`` has the marks that the partition remembers."""
    if processor.by_person and type(event) in MOVING:
        match event:
            case IdentityChanged(change="merged" | "split"):
                return _move(processor, codec, kept, event)
            case IdentityChanged(change="erased"):
                return _erase(processor, kept)
            case IdentityChanged():
                return Turn(kept)
            case StateMoved() if event.processor != processor.name:
                return Turn(kept)
            case StateMoved():
                return _adopt(processor, codec, kept, event, world)
    if kept is None:
        return _work(processor, None, event, world, recent)
    if type(kept) is Active:
        if kept.where and (place := _place(kept, event)).to:
            return _forward(processor, codec, kept, event, place)
        return _work(processor, kept, event, world, recent)
    return Turn(kept, (ERASED,))


def _work(
    processor: Processor[Any],
    kept: Active[Any] | None,
    event: Event,
    world: Any,
    recent: Container[bytes] = frozenset(),
) -> Turn:
    state, seen, where = (kept.state, kept.seen, kept.where) if kept is not None else (None, b"", {})
    mark = mark_bytes(event.event_id)
    if mark in seen or mark in recent:
        return Turn(kept, (DUPLICATE,))
    step = processor.step(state, event, world)
    if step.state is None:
        return Turn(kept, step.effects)
    if step.state is state and not processor.by_person:
        return Turn(kept, step.effects, mark)  # a person's window moves with the person: there the key remembers
    return Turn(Active(step.state, remember(seen, mark), where), step.effects)


def _place(kept: Active[Any], event: Event) -> Place:
    assert isinstance(event, TouchpointIdentified)
    return kept.where.get(event.own_person_id or event.person_id, UNHEARD)


def _move(processor: Processor[Any], codec: KeptCodec, kept: Kept | None, event: IdentityChanged) -> Turn:
    """An own person has another name from now on: its part travels there once, later events are forwarded."""
    own, to = event.own_person_id or event.person_id, event.into_person_id
    if isinstance(kept, Erased) or to == event.person_id:
        return Turn(kept)
    before: Active[Any] = kept if kept is not None else Active(None)
    if event.version <= before.where.get(own, UNHEARD).version:
        return Turn(kept)
    stays, goes = processor.split(before.state, own) if before.state is not None else (None, None)
    # An empty part travels too: who gets it learns that whatever comes for it later is theirs.
    parcel = StateMoved(
        event_id=derived("moved", processor.name, event.person_id, own, str(event.version)),
        occurred_at=event.occurred_at,
        processor=processor.name,
        winner_person_id=to,
        loser_person_id=event.person_id,
        state=codec.encode(Active(goes, before.seen)),
        source_event_id=event.event_id,
        own_person_id=own,
        version=event.version,
    )
    after = Active(stays, before.seen, before.where | {own: Place(event.version, to)})
    return Turn(after, (Emit(parcel, sealed=True),))


def _adopt(processor: Processor[Any], codec: KeptCodec, kept: Kept | None, event: StateMoved, world: Any) -> Turn:
    """A part arrives, or a late event for one."""
    if isinstance(kept, Erased):
        return Turn(kept, (ERASED,))
    before: Active[Any] = kept if kept is not None else Active(None)
    own = event.own_person_id or event.loser_person_id
    place = before.where.get(own, UNHEARD)
    if place.to and place.version > event.version:
        onward = msgspec.structs.replace(
            event,
            event_id=derived("moved on", event.event_id, str(place.version)),
            winner_person_id=place.to,
            version=place.version,
        )
        return Turn(kept, (Emit(onward, sealed=True),))
    where = before.where
    if event.version > place.version or place.to:
        where = where | {own: Place(event.version)}
    parcel = codec.decode_parcel(event.state)
    if isinstance(parcel, Forwarded):
        return _work(processor, Active(before.state, before.seen, where), parcel.event, world)
    # No look at the window: it tells of events, and joining the same part twice changes nothing.
    merged: Step[Any] = Step(before.state) if parcel.state is None else processor.merge(before.state, parcel.state)
    seen = remember(parcel.seen, unknown_to(parcel.seen, before.seen))
    return Turn(Active(merged.state, seen, where), merged.effects)


def _erase(processor: Processor[Any], kept: Kept | None) -> Turn:
    effects = processor.erase(kept.state) if isinstance(kept, Active) and kept.state is not None else ()
    return Turn(Erased(), effects)


def _forward(processor: Processor[Any], codec: KeptCodec, kept: Active[Any], event: Event, place: Place) -> Turn:
    """An event that identity sent out under a name that its own person had before."""
    assert isinstance(event, TouchpointIdentified)
    parcel = StateMoved(
        event_id=derived("forwarded", processor.name, event.event_id, event.person_id, str(place.version)),
        occurred_at=event.occurred_at,
        processor=processor.name,
        winner_person_id=place.to,
        loser_person_id=event.person_id,
        state=codec.encode(Forwarded(event)),
        source_event_id=event.event_id,
        own_person_id=event.own_person_id or event.person_id,
        version=place.version,
    )
    return Turn(kept, (Emit(parcel, sealed=True),))
