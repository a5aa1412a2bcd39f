"""Erasures: the records of a source profile leave its blocks.

Each touchpoint with traits also tells the key of its source profile in which blocks it has records. An erasure comes to
that key, and from there to each of the blocks. Both remember it, so what arrives later is refused or sent after it.
"""

from collections.abc import Iterable

import msgspec

from processors.matching.state import PROFILE, Block
from processors.matching.withdrawals import Withdrawal, to_blocks
from processors.step import PURGE, Effect, Emit
from schemas.events import BlockingKeyAssigned, ErasureApplied, ProfileErased, TouchpointIdentified
from schemas.ids import derived

replace = msgspec.structs.replace
REMOVED = b""
"""The traits of an erased source profile, for a block that it has records in."""
_encode = msgspec.msgpack.Encoder().encode


class Assigned(msgspec.Struct, frozen=True, array_like=True, tag="assigned"):
    """To a source profile: it has records in these blocks."""

    blocks: tuple[str, ...]


class Erasure(msgspec.Struct, frozen=True, array_like=True, tag="erasure"):
    """To a source profile: a request erases it."""

    request_id: str


_decode = msgspec.msgpack.Decoder(Assigned | Erasure | Withdrawal).decode


def assigned(event: TouchpointIdentified, profile: str, blocks: Iterable[str]) -> Emit:
    """What a touchpoint with traits sends to the key of its source profile."""
    to_profile = BlockingKeyAssigned(
        event_id=derived("blocks", event.event_id),
        occurred_at=event.occurred_at,
        block=PROFILE + profile,
        source_profile_id=profile,
        traits=_encode(Assigned(tuple(sorted(blocks)))),
        source_event_id=event.event_id,
    )
    return Emit(to_profile)


def erasing(event: ProfileErased) -> Emit:
    """What an erasure sends to the key of its source profile."""
    to_profile = BlockingKeyAssigned(
        event_id=derived("blocks erased", event.event_id),
        occurred_at=event.occurred_at,
        block=PROFILE + event.source_profile_id,
        source_profile_id=event.source_profile_id,
        traits=_encode(Erasure(event.request_id)),
        source_event_id=event.event_id,
    )
    return Emit(to_profile, transactional=True)


def at_profile(before: Block, event: BlockingKeyAssigned) -> tuple[Block, tuple[Effect, ...]]:
    """The row of a source profile after it has got a record in some blocks, withdrew, or is erased.

    :raises msgspec.DecodeError: the event says neither.
    """
    profile = event.source_profile_id
    message = _decode(event.traits)
    if isinstance(message, Erasure):
        applied = ErasureApplied(
            event_id=derived("erasure applied", event.event_id, "matching"),
            occurred_at=event.occurred_at,
            request_id=message.request_id,
            processor="matching",
            source_profile_id=profile,
            removed=len(before.blocks),
        )
        after = replace(before.without(profile), blocks=())
        return after, (*_removals(event, before.blocks), Emit(applied, transactional=True), PURGE)
    if isinstance(message, Withdrawal):
        after = before.without_until(profile, event.occurred_at)
        return after, () if after is before else to_blocks(event, before.blocks, event.occurred_at)
    if before.erased:
        return before, _removals(event, message.blocks)
    new = [block for block in message.blocks if block not in before.blocks]
    if not new:
        return before, ()
    withdrawn_at = before.withdrawn.get(profile)
    effects = () if withdrawn_at is None else to_blocks(event, new, withdrawn_at)
    return replace(before, blocks=tuple(sorted({*before.blocks, *new}))), effects


def _removals(event: BlockingKeyAssigned, blocks: Iterable[str]) -> tuple[Emit, ...]:
    return tuple(
        Emit(
            BlockingKeyAssigned(
                event_id=derived("records erased", event.source_profile_id, block),
                occurred_at=event.occurred_at,
                block=block,
                source_profile_id=event.source_profile_id,
                traits=REMOVED,
                source_event_id=event.source_event_id,
            ),
            transactional=True,
        )
        for block in blocks
    )
