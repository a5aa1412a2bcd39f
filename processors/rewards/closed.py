"""Keys of what is closed: eight bytes each, for ever, so that nothing is posted twice however old it is.

Sorted by value in the byte order of x86 and ARM, so that one is found without unpacking them.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence

KEY_BYTES = 8


def is_closed(closed: bytes, key: int) -> bool:
    """Whether the key is one of them."""
    if not closed:
        return False
    keys = memoryview(closed).cast("Q")
    place = bisect_left(keys, key)
    return place < len(keys) and keys[place] == key


def with_closed(closed: bytes, keys: Iterable[int]) -> bytes:
    """With further keys, each of them once."""
    return array("Q", sorted({*closed_keys(closed), *keys})).tobytes()


def closed_keys(closed: bytes) -> Sequence[int]:
    """All of them, in their order."""
    return array("Q", closed)
