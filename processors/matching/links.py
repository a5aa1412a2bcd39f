"""The events of matching: soft links between two records of a block, and blocks that have become oversized."""

import msgspec

from processors.matching.state import Block, Record
from processors.step import Effect, Emit
from schemas.events import BlockingKeyAssigned, IdentityMatched
from schemas.ids import derived
from schemas.matching.model import LIKELY, Model, score

MATCHED = "matched"
OVERSIZED = "oversized"
WITHDRAWN = "withdrawn"


def links(block: Block, record: Record, key: str, model: Model) -> tuple[Emit, ...]:
    """Soft links from a new record to all records of the block that are probably of the same person.

    :param key: the block's key.
    """
    found = (
        _link(record, other, key, model)
        for other in block.records
        if other.source_profile_id != record.source_profile_id and other.traits.record_type == record.traits.record_type
    )
    return tuple(link for link in found if link is not None)


def withdrawn_links(
    block: Block, record: Record, key: str, model: Model, at: int, source_event_id: str
) -> tuple[Effect, ...]:
    """The events by which the links of a record do not count from a time on (microseconds): its source profile does not
    agree any more. :param block: what stays. :param source_event_id: the statement."""
    return tuple(
        Emit(
            msgspec.structs.replace(
                link.event,
                event_id=derived(WITHDRAWN, link.event.event_id, str(at)),
                change=WITHDRAWN,
                occurred_at=at,
                source_event_id=source_event_id,
            ),
            transactional=True,
        )
        for link in links(block, record, key, model)
    )


def oversized_block(event: BlockingKeyAssigned) -> Emit:
    """The event by which links of a block no longer count; ``event`` is the record that was one too many."""
    return Emit(
        IdentityMatched(
            event_id=derived(OVERSIZED, event.block),
            occurred_at=event.occurred_at,
            change=OVERSIZED,
            block=event.block,
            source_event_id=event.source_event_id,
        )
    )


def _link(one: Record, other: Record, key: str, model: Model) -> Emit | None:
    # From here on the result does not depend on which of the two came first.
    first, second = sorted((one, other), key=lambda record: (record.source_profile_id, record.traits_hash))
    found = score(first.traits, second.traits, model)
    if found.probability < LIKELY:
        return None
    later = max(one, other, key=lambda record: (record.occurred_at, record.source_event_id))
    return Emit(
        IdentityMatched(
            event_id=derived(
                MATCHED,
                key,
                first.source_profile_id,
                first.traits_hash,
                second.source_profile_id,
                second.traits_hash,
                model.version,
            ),
            occurred_at=later.occurred_at,
            change=MATCHED,
            block=key,
            person_id=first.source_profile_id,
            other_person_id=second.source_profile_id,
            probability=found.probability,
            bits=found.bits,
            reasons=found.reasons,
            model=model.version,
            source_event_id=later.source_event_id,
        )
    )
