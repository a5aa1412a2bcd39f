"""Likeness: reads touchpoint-identified and traits-blocked, writes traits-blocked and identity-likened, keyed by block.

A touchpoint that tells traits is sent into each of their blocks; there it is held against every other record, and those
that are probably of one person are told as a soft link with its reasons. A soft link moves nothing and joins nobody: it
names the people that anchors are on their own, which never changes.
"""

from typing import Any

import msgspec

from processors.likeness.state import Block, Held, mark_of
from processors.step import Drop, Effect, Emit, Processor, Reject, Step
from processors.world import World
from schemas import reasons
from schemas.events import IdentityLikened, TouchpointIdentified, TraitsBlocked
from schemas.ids import derived
from schemas.likeness.blocks import BadTraits, check, traits_of
from schemas.likeness.model import LIKELY, Model, score
from schemas.likeness.traits import Traits
from schemas.topics import TOUCHPOINT_IDENTIFIED, TRAITS_BLOCKED

LIKENED = "likened"
CROWDED = "crowded"
_decode = msgspec.msgpack.Decoder(Traits).decode
_encode = msgspec.msgpack.Encoder(order="deterministic").encode


def step(block: Block | None, event: Any, world: World) -> Step[Block]:
    """Sends a touchpoint into its blocks, or takes one that was sent."""
    if isinstance(event, TouchpointIdentified):
        return Step(block, _sent(event))
    return _meet(block, event, world)


def merge(winner: Block | None, loser: Block) -> Step[Block]:
    """The records of both, as if one block had been told them all."""
    block = winner or Block()
    for record in loser.held:
        if not block.crowded and not block.knows(record):
            block = block.add(record)
    return Step(Block(crowded=True) if loser.crowded else block)


def erase(block: Block) -> tuple[Effect, ...]:
    """Nothing is owed to anyone when a block is forgotten."""
    return ()


def _sent(event: TouchpointIdentified) -> tuple[Effect, ...]:
    try:
        traits = traits_of(event.properties, event.store, event.occurred_at)
    except BadTraits as wrong:
        return (Reject(reasons.INVALID, str(wrong), "properties.traits"),)
    if traits is None:
        return ()
    body = _encode(Traits(traits.sort, traits.filters))
    return tuple(
        Emit(
            TraitsBlocked(
                event_id=derived("traits", event.event_id, block),
                occurred_at=event.occurred_at,
                block=block,
                own_person_id=event.own_person_id or event.person_id,
                traits=body,
                source_event_id=event.event_id,
            )
        )
        for block in traits.blocks
    )


def _meet(block: Block | None, event: TraitsBlocked, world: World) -> Step[Block]:
    try:
        traits = _decode(event.traits)
        check(traits)
    except (msgspec.DecodeError, UnicodeDecodeError, BadTraits):
        return Step(block, (Reject(reasons.INVALID, "are no traits", "traits"),))
    before = block or Block()
    record = Held(event.own_person_id, mark_of(traits), traits, event.source_event_id, event.occurred_at)
    if before.crowded:
        return Step(before, (Drop(CROWDED),))
    if before.knows(record):
        return Step(before)
    after = before.add(record)
    if after.crowded:
        return Step(after, (_crowded(event),))
    likeness = world.brand.likeness.get(traits.sort)
    return Step(after, () if likeness is None else _links(before, record, event.block, likeness.model))


def _links(block: Block, record: Held, name: str, model: Model) -> tuple[Effect, ...]:
    """A soft link to everybody else who is probably the same."""
    found = (
        _link(record, other, name, model)
        for other in block.held
        if other.own_person_id != record.own_person_id and other.traits.sort == record.traits.sort
    )
    return tuple(link for link in found if link is not None)


def _link(one: Held, other: Held, block: str, model: Model) -> Emit | None:
    # From here on it makes no difference which of the two came first.
    first, second = sorted((one, other), key=lambda held: (held.own_person_id, held.mark))
    found = score(first.traits, second.traits, model)
    if found.probability < LIKELY:
        return None
    later = max(one, other, key=lambda held: (held.occurred_at, held.source_event_id))
    return Emit(
        IdentityLikened(
            event_id=derived(
                LIKENED, block, first.own_person_id, first.mark, second.own_person_id, second.mark, model.version
            ),
            occurred_at=later.occurred_at,
            change=LIKENED,
            block=block,
            person_id=first.own_person_id,
            other_person_id=second.own_person_id,
            probability=found.probability,
            bits=found.bits,
            reasons=found.reasons,
            model=model.version,
            source_event_id=later.source_event_id,
        )
    )


def _crowded(event: TraitsBlocked) -> Emit:
    return Emit(
        IdentityLikened(
            event_id=derived(CROWDED, event.block),
            occurred_at=event.occurred_at,
            change=CROWDED,
            block=event.block,
            source_event_id=event.source_event_id,
        )
    )


PROCESSOR = Processor(
    name="likeness",
    sources=(TOUCHPOINT_IDENTIFIED, TRAITS_BLOCKED),
    state=Block,
    step=step,
    merge=merge,
    erase=erase,
    linger_ms=300,
)
