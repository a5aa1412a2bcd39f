"""Matching: reads touchpoint-identified, consent-stated, blocking-key-assigned and profile-erased, writes
blocking-key-assigned, identity-matched and erasure-applied; keyed by block.

A touchpoint with traits is sent to each of its blocks. There it is compared with every other record, and probable pairs
are published as soft links with their reasons (links.py). A soft link moves nothing and joins nobody: its two ends are
source profiles, which never change. Who withdraws the consent to be recognised leaves the blocks (withdrawals.py).
"""

from typing import Any

import msgspec

from processors.matching.erasure import REMOVED, assigned, at_profile, erasing
from processors.matching.links import links, oversized_block
from processors.matching.replay import canonical
from processors.matching.state import PROFILE, Block, Record, hash_traits
from processors.matching.withdrawals import WITHDRAWN, at_block, withdrawing
from processors.parts import source_profile_of
from processors.reference import Reference
from processors.step import PURGE, Drop, Effect, Emit, Processor, Reject, Step
from schemas.consent.purposes import IDENTITY
from schemas.consent.statements import UNMATCHED
from schemas.events import BlockingKeyAssigned, ConsentStated, ProfileErased, TouchpointIdentified
from schemas.ids import derived
from schemas.matching.blocks import InvalidTraits, traits_of, validate
from schemas.matching.traits import Traits
from schemas.reasons import DropReason, RejectReason
from schemas.topics import (
    BLOCKING_KEY_ASSIGNED,
    CONSENT_STATED,
    ERASURE_APPLIED,
    IDENTITY_MATCHED,
    PROFILE_ERASED,
    TOUCHPOINT_IDENTIFIED,
)

_decode = msgspec.msgpack.Decoder(Traits).decode
_encode = msgspec.msgpack.Encoder(order="deterministic").encode


def step(block: Block | None, event: Any, reference: Reference) -> Step[Block]:
    """Sends a touchpoint to its blocks, or compares a record that came to this block."""
    if isinstance(event, TouchpointIdentified):
        return Step(block, (*_assign_blocks(event), *withdrawing(event)) if event.person_id else ())
    if isinstance(event, ConsentStated):
        return Step(block, withdrawing(event))
    if isinstance(event, ProfileErased):
        return Step(block, (erasing(event),))
    if event.block.startswith(PROFILE):
        return _at_profile(block, event)
    if event.traits == REMOVED:
        return Step((block or Block()).without(event.source_profile_id), (PURGE,))
    if block is not None and event.source_profile_id in block.erased:
        return Step(block, (Drop(DropReason.ERASED),))
    if event.traits == WITHDRAWN:
        return Step(*at_block(block or Block(), event, reference))
    if block is not None and event.occurred_at <= block.withdrawn.get(event.source_profile_id, -1):
        return Step(block, (Drop(DropReason.NO_CONSENT),))
    return _compare(block, event, reference)


def _at_profile(block: Block | None, event: BlockingKeyAssigned) -> Step[Block]:
    try:
        return Step(*at_profile(block or Block(), event))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Step(block, (Reject(RejectReason.INVALID, "say nothing of blocks", "traits"),))


def merge(winner: Block | None, loser: Block) -> Step[Block]:
    """The records of both, as if they had come to one block."""
    block = winner or Block()
    for record in loser.records:
        if not block.oversized and not block.contains(record):
            block = block.add(record)
    for profile in loser.erased:
        block = block.without(profile)
    for profile, at in loser.withdrawn.items():
        block = block.without_until(profile, at)
    blocks = tuple(sorted({*block.blocks, *loser.blocks}))
    if loser.oversized:
        block = msgspec.structs.replace(block, records=(), oversized=True)
    return Step(msgspec.structs.replace(block, blocks=blocks))


def erase(block: Block) -> tuple[Effect, ...]:
    """Forgetting a block has no effects."""
    return ()


def _assign_blocks(event: TouchpointIdentified) -> tuple[Effect, ...]:
    if UNMATCHED in event.properties:
        return (Drop(DropReason.NO_CONSENT),)
    try:
        traits = traits_of(event.properties, event.store, event.occurred_at)
    except InvalidTraits as error:
        return (Reject(RejectReason.INVALID, str(error), "properties.traits"),)
    if traits is None:
        return ()
    body = _encode(Traits(traits.record_type, traits.filters))
    records = tuple(
        Emit(
            BlockingKeyAssigned(
                event_id=derived("traits", event.event_id, block),
                occurred_at=event.occurred_at,
                block=block,
                source_profile_id=source_profile_of(event),
                traits=body,
                source_event_id=event.event_id,
            )
        )
        for block in traits.blocks
    )
    return (*records, assigned(event, source_profile_of(event), traits.blocks)) if records else ()


def _compare(block: Block | None, event: BlockingKeyAssigned, reference: Reference) -> Step[Block]:
    try:
        traits = _decode(event.traits)
        validate(traits)
    except (msgspec.DecodeError, UnicodeDecodeError, InvalidTraits):
        return Step(block, (Reject(RejectReason.INVALID, "are no traits", "traits"),))
    before = block or Block()
    record = Record(event.source_profile_id, hash_traits(traits), traits, event.source_event_id, event.occurred_at)
    if before.oversized:
        return Step(before, (Drop(DropReason.OVERSIZED),))
    if before.contains(record):
        return Step(before.seen_again(record) if IDENTITY in reference.brand.consent else before)
    after = before.add(record)
    if after.oversized:
        return Step(after, (oversized_block(event),))
    matching = reference.brand.matching.get(traits.record_type)
    return Step(after, () if matching is None else links(before, record, event.block, matching.model))


PROCESSOR = Processor(
    name="matching",
    sources=(TOUCHPOINT_IDENTIFIED, BLOCKING_KEY_ASSIGNED, PROFILE_ERASED, CONSENT_STATED),
    emits=(BLOCKING_KEY_ASSIGNED, IDENTITY_MATCHED, ERASURE_APPLIED),
    state=Block,
    step=step,
    merge=merge,
    erase=erase,
    linger_ms=300,
    canonical=canonical,
    any_order=True,
)
