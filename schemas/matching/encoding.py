"""Text as a keyed Bloom filter: two spellings can be compared, and neither can be read.

R. Schnell, T. Bachteler, J. Reiher, "Privacy-preserving record linkage using Bloom filters", BMC Medical Informatics
and Decision Making 9:41, 2009. Each piece of the text sets some bits of the filter; the Dice coefficient of two filters
is close to that of the two sets of pieces. The bits come from an HMAC and are independent of each other: filters made
with the double hashing of the paper can be reversed (F. Niedermeyer, S. Steinmetzer, M. Kroll, R. Schnell,
"Cryptanalysis of Basic Bloom Filters Used for Privacy Preserving Record Linkage", 2014). Somebody with many filters who
knows how frequent names are can still guess the most frequent ones, so the filters are not anonymous data.
"""

import hmac
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

FILTER_BYTES: Final = 16
BITS_PER_PIECE: Final = 5
"""A name sets a third of the 128 bits: enough to distinguish names, and many names share every bit. Filters of twice
the size found no more of the FEBRL records."""


def normalise(text: str) -> str:
    """Letters and digits only, in lower case, without accents."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in decomposed if letter.isalnum())


def bigrams(text: str) -> list[str]:
    """Every two adjacent letters, with a mark at both ends: one typing error changes two pieces of many."""
    padded = f"_{text}_"
    return [padded[at : at + 2] for at in range(len(padded) - 1)]


def positional_digits(text: str) -> list[str]:
    """Each digit with its position, and the bigrams: a wrong digit and two swapped digits both keep most pieces."""
    return [f"{position}{digit}" for position, digit in enumerate(text)] + bigrams(text)


def exact(text: str) -> list[str]:
    """One piece: equal or not."""
    return [text]


def encode(pieces: Iterable[str], space: str, key: bytes) -> bytes:
    """The filter of a text's pieces. :param space: only filters of one space can be compared with each other."""
    bits = 0
    for piece in pieces:
        bits |= _bits(piece, space, key)
    return bits.to_bytes(FILTER_BYTES, "big")


@lru_cache(50_000)  # there are few bigrams, and each costs a hash
def _bits(piece: str, space: str, key: bytes) -> int:
    digest = hmac.digest(key, f"matching\0{space}\0{piece}".encode(), "sha256")
    positions = (int.from_bytes(digest[at : at + 2], "big") for at in range(0, 2 * BITS_PER_PIECE, 2))
    bits = 0
    for position in positions:
        bits |= 1 << position % (8 * FILTER_BYTES)
    return bits


def keyed_hash(parts: Sequence[str], space: str, key: bytes) -> str:
    """128 bits, hex; equal when all parts are."""
    text = "\0".join(("matching", space, *parts))
    return hmac.digest(key, text.encode(), "sha256").hex()[:32]


def dice(one: int, other: int) -> float:
    """Dice coefficient of two filters as numbers: 1 for the same bits, 0 for none in common or none at all."""
    bits = one.bit_count() + other.bit_count()
    return 2 * (one & other).bit_count() / bits if bits else 0.0
