"""What is kept for a block: the records in it, or that there are too many."""

import msgspec

from schemas.ids import digest
from schemas.likeness.blocks import MAX_RECORDS
from schemas.likeness.traits import Traits


class Held(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A record: what somebody told of themselves. ``mark`` stands for the traits in ids."""

    own_person_id: str
    mark: str
    traits: Traits
    source_event_id: str
    occurred_at: int


class Block(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The records that share one key; a crowded block has given them all up and takes no more.

    Whether a block is crowded depends on how many different records it was ever told, so no order of arrival changes
    which of them were compared in a block that is not.
    """

    held: tuple[Held, ...] = ()
    crowded: bool = False

    def knows(self, record: Held) -> bool:
        """Whether the same person told the same before."""
        return any(one.own_person_id == record.own_person_id and one.mark == record.mark for one in self.held)

    def add(self, record: Held) -> "Block":
        return Block(crowded=True) if len(self.held) == MAX_RECORDS else Block((*self.held, record))


def mark_of(traits: Traits) -> str:
    """The same for the same traits, whatever blocks they are in."""
    return digest(msgspec.msgpack.encode((traits.sort, traits.filters), order="deterministic"))
