"""One record's turn, as a pure function: duplicates, moved and erased people, then the core."""
from dataclasses import dataclass
from typing import Any

import msgspec

from processors.shell.kept import Active, Erased, Kept, KeptCodec, Moved, remember
from processors.step import Drop, Effect, Emit, Processor
from schemas.events import Event, IdentityChanged, StateMoved, TouchpointIdentified
from schemas.ids import derived, mark

DUPLICATE = Drop("duplicate")
ERASED = Drop("erased")


@dataclass(frozen=True, slots=True)
class Turn:
    """What is kept for the key afterwards (the same object when nothing changed), and the effects in order."""

    kept: Kept | None
    effects: tuple[Effect, ...] = ()


def take_turn(processor: Processor[Any], codec: KeptCodec, kept: Kept | None, event: Event, world: Any) -> Turn:
    """The turn of one event whose key has ``kept``."""
    if processor.by_person:
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
                return _adopt(processor, codec, kept, event)
    match kept:
        case Moved(to):
            return _forward(kept, event, to)
        case Erased():
            return Turn(kept, (ERASED,))
    state, seen = (kept.state, kept.seen) if kept is not None else (None, ())
    seal = mark(event.event_id)
    if seal in seen:
        return Turn(kept, (DUPLICATE,))
    step = processor.step(state, event, world)
    if step.state is None:
        return Turn(kept, step.effects)
    return Turn(Active(step.state, remember(seen, seal)), step.effects)


def _move(processor: Processor[Any], codec: KeptCodec, kept: Kept | None, event: IdentityChanged) -> Turn:
    """A person merged into another: what is kept for them travels there once, later events are forwarded."""
    if isinstance(kept, Moved | Erased):
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


def _adopt(processor: Processor[Any], codec: KeptCodec, kept: Kept | None, event: StateMoved) -> Turn:
    """The state of someone who merged into this person arrives."""
    match kept:
        case Moved(to):
            return Turn(kept, (Emit(msgspec.structs.replace(event, winner_person_id=to)),))
        case Erased():
            return Turn(kept, (ERASED,))
    state, seen = (kept.state, kept.seen) if kept is not None else (None, ())
    seal = mark(event.event_id)
    if seal in seen:
        return Turn(kept, (DUPLICATE,))
    parcel = codec.decode(event.state)
    assert isinstance(parcel, Active)
    merged = state if parcel.state is None else processor.merge(state, parcel.state)
    return Turn(Active(merged, remember(parcel.seen, *seen, seal)))


def _erase(processor: Processor[Any], kept: Kept | None) -> Turn:
    effects = processor.erase(kept.state) if isinstance(kept, Active) and kept.state is not None else ()
    return Turn(Erased(), effects)


def _forward(kept: Moved, event: Event, to: str) -> Turn:
    """An event that identity sent out before it knew of the merge."""
    assert isinstance(event, TouchpointIdentified)
    return Turn(kept, (Emit(msgspec.structs.replace(event, person_id=to)),))
