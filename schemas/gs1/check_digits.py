"""Check digits and check characters of GS1 keys (GS1 General Specifications, 7.9)."""

from typing import Final

GTIN_CHARS: Final = (8, 12, 13, 14)
CHARACTERS_82: Final = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_CHARACTERS_32: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_PRIMES: Final = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89)


def check_digit(digits: str) -> str:
    """The check digit that belongs behind these digits."""
    total = sum(int(digit) * (1 if index % 2 else 3) for index, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def check_characters(text: str) -> str:
    """The two check characters that belong behind these of the 82 of GS1, at most 24; empty for other texts."""
    if len(text) > len(_PRIMES) or any(char not in CHARACTERS_82 for char in text):
        return ""
    total = sum(CHARACTERS_82.index(char) * prime for char, prime in zip(reversed(text), _PRIMES, strict=False)) % 1021
    return _CHARACTERS_32[total >> 5] + _CHARACTERS_32[total & 31]


def gtin_fault(gtin: str) -> str:
    """What is wrong with a GTIN of 8, 12, 13 or 14 digits, in words; empty where nothing is."""
    if not (gtin.isascii() and gtin.isdigit() and len(gtin) in GTIN_CHARS):
        return "must be a GTIN: 8, 12, 13 or 14 digits, in quotes"
    if gtin[-1] != (right := check_digit(gtin[:-1])):
        return f"has the check digit {gtin[-1]}, which should be {right}"
    return ""
