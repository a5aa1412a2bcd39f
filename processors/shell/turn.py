"""One record's turn, as a pure function: duplicates, moved and erased people, then the core.

What is kept for a person who merged into another travels on state-moved, and so does every event that comes for them
later: one path, in order, so that the winner has the loser's memory of duplicates before the loser's late events.
Each processor forwards its own, for it alone: on the shared topic the event of a person whom another processor has
not moved yet would earn for both. A forwarded event still names the person that identity saw: topics have no order
among each other, so a replay may take a merge earlier than the first run did, and what follows from the event must
have the same id and bytes.
"""

from typing import Any

import msgspec

from processors.shell.kept import Active, Erased, Forwarded, Kept, KeptCodec, Moved, remember, unknown_to
from processors.step import Drop, Effect, Emit, Processor, Step
from schemas.events import Event, IdentityChanged, StateMoved, TouchpointIdentified
from schemas.ids import derived, mark_bytes

DUPLICATE = Drop("duplicate")
ERASED = Drop("erased")
MOVING = frozenset((IdentityChanged, StateMoved))


class Turn(msgspec.Struct, frozen=True, gc=False):
    """What is kept for the key afterwards (the same object when nothing changed), and the effects in order."""

    kept: Kept | None
    effects: tuple[Effect, ...] = ()


def take_turn(processor: Processor[Any], codec: KeptCodec, kept: Kept | None, event: Event, world: Any) -> Turn:
    """The turn of one event whose key has ``kept``."""
    if processor.by_person and type(event) in MOVING:
        match event:
            case IdentityChanged(change="merged"):
                return _move(processor, codec, kept, event)
            case IdentityChanged(change="erased"):
                return _erase(processor, kept)
            case IdentityChanged():
                return Turn(kept)
            case StateMoved() if event.processor != processor.name:
                return Turn(kept)
            case StateMoved():
                return _adopt(processor, codec, kept, event, world)
    if kept is None or type(kept) is Active:
        return _work(processor, kept, event, world)
    if isinstance(kept, Moved):
        return _forward(processor, codec, kept, event, kept.to)
    return Turn(kept, (ERASED,))


def _work(processor: Processor[Any], kept: Active[Any] | None, event: Event, world: Any) -> Turn:
    state, seen = (kept.state, kept.seen) if kept is not None else (None, b"")
    seal = mark_bytes(event.event_id)
    if seal in seen:
        return Turn(kept, (DUPLICATE,))
    step = processor.step(state, event, world)
    if step.state is None:
        return Turn(kept, step.effects)
    return Turn(Active(step.state, remember(seen, seal)), step.effects)


def _move(processor: Processor[Any], codec: KeptCodec, kept: Kept | None, event: IdentityChanged) -> Turn:
    """A person merged into another: what is kept for them travels there once, later events are forwarded."""
    if isinstance(kept, Moved | Erased) or event.into_person_id == event.person_id:
        return Turn(kept)
    moved = Moved(event.into_person_id)
    if kept is None:
        return Turn(moved)
    parcel = StateMoved(
        event_id=derived("moved", processor.name, event.person_id, event.into_person_id),
        occurred_at=event.occurred_at,
        processor=processor.name,
        winner_person_id=event.into_person_id,
        loser_person_id=event.person_id,
        state=codec.encode(kept),
        source_event_id=event.event_id,
    )
    return Turn(moved, (Emit(parcel),))


def _adopt(processor: Processor[Any], codec: KeptCodec, kept: Kept | None, event: StateMoved, world: Any) -> Turn:
    """The state of someone who merged into this person arrives, or a late event of theirs."""
    match kept:
        case Moved(to) if event.loser_person_id in (to, event.winner_person_id) and event.winner_person_id < to:
            kept = None  # Merged in a circle: somebody has to stay, or what is on its way would go round for ever.
        case Moved(to):
            onward = derived("moved on", event.event_id, to)
            return Turn(kept, (Emit(msgspec.structs.replace(event, event_id=onward, winner_person_id=to)),))
        case Erased():
            return Turn(kept, (ERASED,))
    parcel = codec.decode_parcel(event.state)
    if isinstance(parcel, Forwarded):
        return _work(processor, kept, parcel.event, world)
    state, seen = (kept.state, kept.seen) if kept is not None else (None, b"")
    # No look at the window: a crash may have sent this parcel before with less in it, and joining twice changes
    # nothing.
    merged: Step[Any] = Step(state) if parcel.state is None else processor.merge(state, parcel.state)
    return Turn(Active(merged.state, remember(parcel.seen, unknown_to(parcel.seen, seen))), merged.effects)


def _erase(processor: Processor[Any], kept: Kept | None) -> Turn:
    effects = processor.erase(kept.state) if isinstance(kept, Active) and kept.state is not None else ()
    return Turn(Erased(), effects)


def _forward(processor: Processor[Any], codec: KeptCodec, kept: Moved, event: Event, to: str) -> Turn:
    """An event that identity sent out before it knew of the merge."""
    assert isinstance(event, TouchpointIdentified)
    parcel = StateMoved(
        event_id=derived("forwarded", processor.name, event.event_id, to),
        occurred_at=event.occurred_at,
        processor=processor.name,
        winner_person_id=to,
        loser_person_id=event.person_id,
        state=codec.encode(Forwarded(event)),
        source_event_id=event.event_id,
    )
    return Turn(kept, (Emit(parcel),))
