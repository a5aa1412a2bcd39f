"""What is stored for a block: its records, or that there are too many. What is stored of a source profile: the blocks
that it has records in, which an erasure needs to know."""

import msgspec

from schemas.ids import digest
from schemas.matching.blocks import MAX_RECORDS
from schemas.matching.traits import Traits

replace = msgspec.structs.replace


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

    ``erased`` has the source profiles whose records it takes no more, sorted. At the key of a source profile there are
    no records, only its ``blocks``, sorted; once it is erased it is among the ``erased`` there, and has none.
    """

    records: tuple[Record, ...] = ()
    oversized: bool = False
    erased: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()

    def contains(self, record: Record) -> bool:
        """Whether the block has the same traits of the same source profile."""
        return any(
            one.source_profile_id == record.source_profile_id and one.traits_hash == record.traits_hash
            for one in self.records
        )

    def add(self, record: Record) -> "Block":
        """The block with one more record; oversized when it was full."""
        full = len(self.records) == MAX_RECORDS
        return replace(self, records=() if full else (*self.records, record), oversized=full)

    def without(self, profile: str) -> "Block":
        """The block without a source profile, for ever."""
        records = tuple(record for record in self.records if record.source_profile_id != profile)
        return replace(self, records=records, erased=tuple(sorted({*self.erased, profile})))


def hash_traits(traits: Traits) -> str:
    """64 bits, hex; the same for the same traits in every block."""
    return digest(msgspec.msgpack.encode((traits.record_type, traits.filters), order="deterministic"))
