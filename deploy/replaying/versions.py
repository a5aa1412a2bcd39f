"""How often identity has told names and verdicts: a rebuilt state must not count from lower than that."""

from typing import Any

import msgspec

from deploy.replaying.reading import events_of
from processors.identity.state import Group, Node
from processors.shell.kept import Active, KeptCodec
from schemas.codec import Codec
from schemas.ids import person_of
from schemas.topics import IDENTITY_CHANGED

Told = dict[str, int]
"""The highest version by own person."""


async def read_told(kafka: str, codec: Codec) -> Told:
    """From identity-changed, which is kept for ever."""
    told: Told = {}
    async for _, change in events_of(kafka, codec, IDENTITY_CHANGED):
        about = {person_of(one) for one in (change.identifier, change.other_identifier) if one}
        for own in about | {change.own_person_id}:
            told[own] = max(told.get(own, 0), change.version)
    return told


def raised(raw: bytes, key: bytes, codec: KeptCodec, told: Told) -> bytes:
    """A node's row with versions that are no lower than those told: what it tells next is news downstream."""
    kept: Any = codec.decode(raw)
    if not isinstance(kept, Active) or not isinstance(kept.state, Node):
        return raw
    node: Node = kept.state
    version = max(node.version, told.get(person_of(key.decode()), 0))
    node = msgspec.structs.replace(node, version=version)
    if (group := node.group) is not None:
        clock = max(group.clock, version, *(told.get(person_of(one), 0) for one in group.members))
        node = node.with_group(Group(clock, group.members))
    return codec.encode(Active(node, kept.seen, kept.where))
