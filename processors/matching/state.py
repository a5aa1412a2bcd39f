"""What is stored for a block: its records, or that there are too many."""

import msgspec

from schemas.ids import digest
from schemas.matching.blocks import MAX_RECORDS
from schemas.matching.traits import Traits


class Record(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The traits of one touchpoint. ``traits_hash`` stands for the traits in ids."""

    source_profile_id: str
    traits_hash: str
    traits: Traits
    source_event_id: str
    occurred_at: int


class Block(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The records that share one blocking key; an oversized block has dropped all of them and takes no more.

    Whether a block is oversized depends on how many different records ever came to it, so the order of arrival does not
    change which records were compared in a block that is not.
    """

    records: tuple[Record, ...] = ()
    oversized: bool = False

    def contains(self, record: Record) -> bool:
        """Whether the block has the same traits of the same source profile."""
        return any(
            one.source_profile_id == record.source_profile_id and one.traits_hash == record.traits_hash
            for one in self.records
        )

    def add(self, record: Record) -> "Block":
        """The block with one more record; oversized when it was full."""
        return Block(oversized=True) if len(self.records) == MAX_RECORDS else Block((*self.records, record))


def hash_traits(traits: Traits) -> str:
    """64 bits, hex; the same for the same traits in every block."""
    return digest(msgspec.msgpack.encode((traits.record_type, traits.filters), order="deterministic"))
