"""Text as a keyed Bloom filter, in which two spellings can be compared and neither can be read.

R. Schnell, T. Bachteler, J. Reiher, "Privacy-preserving record linkage using Bloom filters", BMC Medical Informatics
and Decision Making 9:41, 2009. Each piece of the text sets some bits of the filter; the Dice coefficient of two filters
is close to that of the two sets of pieces. The bits come out of an HMAC and are independent of each other: with the
double hashing of the paper filters can be taken apart (F. Niedermeyer, S. Steinmetzer, M. Kroll, R. Schnell,
"Cryptanalysis of Basic Bloom Filters Used for Privacy Preserving Record Linkage", 2014). Whoever holds many filters
and knows how frequent names are can still guess the most frequent ones, so they are no anonymous data.
"""

import hmac
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

FILTER_BYTES: Final = 16
BITS_A_PIECE: Final = 5
"""A name sets a third of the 128 bits: enough to tell names apart, and many names share every bit. Filters of twice
the size found no more of the FEBRL records."""


def plain(text: str) -> str:
    """Letters and digits alone, in lower case, without accents."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in apart if letter.isalnum())


def pairs_of_letters(text: str) -> list[str]:
    """All two letters that follow each other, also at both ends: one slip changes two pieces of many."""
    padded = f"_{text}_"
    return [padded[at : at + 2] for at in range(len(padded) - 1)]


def places_of_digits(text: str) -> list[str]:
    """Each digit with its place, and which follow each other: a slip and a turn of two digits both leave most."""
    return [f"{place}{digit}" for place, digit in enumerate(text)] + pairs_of_letters(text)


def whole(text: str) -> list[str]:
    """One piece: equal or not."""
    return [text]


def encode(pieces: Iterable[str], space: str, key: bytes) -> bytes:
    """The filter of a text's pieces. :param space: filters of one space can be compared with each other."""
    bits = 0
    for piece in pieces:
        bits |= _bits(piece, space, key)
    return bits.to_bytes(FILTER_BYTES, "big")


@lru_cache(50_000)  # there are few pairs of letters, and each costs a hash
def _bits(piece: str, space: str, key: bytes) -> int:
    digest = hmac.digest(key, f"likeness\0{space}\0{piece}".encode(), "sha256")
    places = (int.from_bytes(digest[at : at + 2], "big") for at in range(0, 2 * BITS_A_PIECE, 2))
    bits = 0
    for place in places:
        bits |= 1 << place % (8 * FILTER_BYTES)
    return bits


def token(parts: Sequence[str], space: str, key: bytes) -> str:
    """A keyed hash that is equal when all parts are: 128 bits, hex."""
    text = "\0".join(("likeness", space, *parts))
    return hmac.digest(key, text.encode(), "sha256").hex()[:32]


def dice(one: int, other: int) -> float:
    """Dice coefficient of two filters as numbers: 1 for the same bits, 0 for none in common or none at all."""
    bits = one.bit_count() + other.bit_count()
    return 2 * (one & other).bit_count() / bits if bits else 0.0
