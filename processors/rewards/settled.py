"""Keys of what is settled: eight bytes each, for ever, so that nothing is posted twice however old it is.

Sorted by value in the byte order of x86 and ARM, so that one is found without unpacking them.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence

KEY_BYTES = 8


def is_settled(settled: bytes, key: int) -> bool:
    """Whether the key is one of them."""
    if not settled:
        return False
    keys = memoryview(settled).cast("Q")
    place = bisect_left(keys, key)
    return place < len(keys) and keys[place] == key


def with_settled(settled: bytes, keys: Iterable[int]) -> bytes:
    """With further keys, each of them once."""
    return array("Q", sorted({*settled_keys(settled), *keys})).tobytes()


def settled_keys(settled: bytes) -> Sequence[int]:
    """All of them, in their order."""
    return array("Q", settled)
