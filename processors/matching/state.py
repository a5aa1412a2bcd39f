"""What is stored for a block: its records, or that there are too many. What is stored of a source profile: the blocks
that it has records in, which an erasure needs to know."""

import msgspec

from schemas.ids import digest
from schemas.matching.blocks import MAX_RECORDS
from schemas.matching.traits import Traits

PROFILE = "profile/"
"""Begins the key of a source profile, which is no block."""
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
    ``withdrawn`` has, by source profile, the latest time (microseconds) at which it withdrew the consent to be
    recognised: records of until then are not kept.
    """

    records: tuple[Record, ...] = ()
    oversized: bool = False
    erased: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    withdrawn: dict[str, int] = {}

    def contains(self, record: Record) -> bool:
        """Whether the block has the same traits of the same source profile."""
        return any(
            one.source_profile_id == record.source_profile_id and one.traits_hash == record.traits_hash
            for one in self.records
        )

    def seen_again(self, record: Record) -> "Block":
        """The block with the latest time of a record that it has: a withdrawal before that does not concern it."""
        records = tuple(
            replace(one, occurred_at=max(one.occurred_at, record.occurred_at))
            if (one.source_profile_id, one.traits_hash) == (record.source_profile_id, record.traits_hash)
            else one
            for one in self.records
        )
        return self if records == self.records else replace(self, records=records)

    def add(self, record: Record) -> "Block":
        """The block with one more record; oversized when it was full."""
        full = len(self.records) == MAX_RECORDS
        return replace(self, records=() if full else (*self.records, record), oversized=full)

    def without(self, profile: str) -> "Block":
        """The block without a source profile, for ever."""
        records = tuple(record for record in self.records if record.source_profile_id != profile)
        withdrawn = {one: at for one, at in self.withdrawn.items() if one != profile}
        return replace(self, records=records, erased=tuple(sorted({*self.erased, profile})), withdrawn=withdrawn)

    def without_until(self, profile: str, at: int) -> "Block":
        """The block without the records of a source profile until a time, also those that come later; the same object
        where that is known."""
        if profile in self.erased or at <= self.withdrawn.get(profile, -1):
            return self
        records = tuple(one for one in self.records if one.source_profile_id != profile or one.occurred_at > at)
        return replace(self, records=records, withdrawn=dict(sorted((self.withdrawn | {profile: at}).items())))


def hash_traits(traits: Traits) -> str:
    """64 bits, hex; the same for the same traits in every block."""
    return digest(msgspec.msgpack.encode((traits.record_type, traits.filters), order="deterministic"))
