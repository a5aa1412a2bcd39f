"""Withdrawals of the consent to be recognised: the records of a source profile leave its blocks, and its links end.

As an erasure does, a withdrawal comes to the key of its source profile, and from there to each of the blocks. Both
remember its time, so records of until then are refused when they come later; records of later times are compared again.
"""

from collections.abc import Iterable

import msgspec

from processors.matching.links import withdrawn_links
from processors.matching.state import PROFILE, Block
from processors.parts import source_profile_of
from processors.reference import Reference
from processors.step import Effect, Emit
from schemas.consent.purposes import IDENTITY
from schemas.consent.statements import statement_of
from schemas.events import BlockingKeyAssigned, ConsentStated, TouchpointIdentified
from schemas.ids import derived
from schemas.kinds import CONSENT_WITHDRAWN

WITHDRAWN = b"withdrawn"
"""The traits of a source profile that withdrew, for a block that it has records in."""
_encode = msgspec.msgpack.Encoder().encode


class Withdrawal(msgspec.Struct, frozen=True, array_like=True, tag="withdrawal"):
    """To a source profile: it withdrew when the event says."""


def withdrawing(event: TouchpointIdentified | ConsentStated) -> tuple[Emit, ...]:
    """What a withdrawal sends to the key of its source profile; nothing for other events."""
    if event.type != CONSENT_WITHDRAWN or (said := statement_of(event)) is None or IDENTITY not in said.keys:
        return ()
    profile = source_profile_of(event)
    to_profile = BlockingKeyAssigned(
        event_id=derived("blocks withdrawn", event.event_id, profile),
        occurred_at=event.occurred_at,
        block=PROFILE + profile,
        source_profile_id=profile,
        traits=_encode(Withdrawal()),
        source_event_id=event.event_id,
    )
    return (Emit(to_profile, transactional=True),)


def to_blocks(event: BlockingKeyAssigned, blocks: Iterable[str], at: int) -> tuple[Emit, ...]:
    """What the row of a source profile sends to blocks that it has records in. :param at: when it withdrew."""
    return tuple(
        Emit(
            BlockingKeyAssigned(
                event_id=derived("records withdrawn", event.source_profile_id, block, str(at)),
                occurred_at=at,
                block=block,
                source_profile_id=event.source_profile_id,
                traits=WITHDRAWN,
                source_event_id=event.source_event_id,
            ),
            transactional=True,
        )
        for block in blocks
    )


def at_block(before: Block, event: BlockingKeyAssigned, reference: Reference) -> tuple[Block, tuple[Effect, ...]]:
    """The block without the records of a source profile until it withdrew, and the ends of their links."""
    after = before.without_until(event.source_profile_id, event.occurred_at)
    effects: list[Effect] = []
    for record in before.records:
        matching = reference.brand.matching.get(record.traits.record_type)
        if record not in after.records and matching is not None:
            effects += withdrawn_links(
                after, record, event.block, matching.model, event.occurred_at, event.source_event_id
            )
    return after, tuple(effects)
