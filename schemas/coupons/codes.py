"""Codes of coupons: Crockford's base 32 (https://www.crockford.com/base32.html) with its check character.

A generated code has 65 bits of a keyed hash of pool and ordinal, so who issues again issues the same, and nobody
without the key can tell one: among 10^8 issued codes a guess succeeds with a chance of 10^8 / 2^64.8, 3.1e-12. Of the
check characters those beyond the alphabet (``*~$=U``) are left out, which takes a fifth of a bit: the next hash takes
their place.
"""

import hashlib
import hmac
import re
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK_ALPHABET: Final = ALPHABET + "*~$=U"
RANDOM_CHARS: Final = 13
GROUP: Final = 4
MAX_CODE_CHARS: Final = 40
_READ_AS: Final = str.maketrans("ILO", "110", "- \t\u2010\u2011\u2012\u2013\u2014\u00a0\u202f")
_CODE: Final = re.compile(rf"[0-9A-Z._]{{1,{MAX_CODE_CHARS}}}")
_VALUES: Final = {char: value for value, char in enumerate(ALPHABET)}


def normalised(text: str) -> str:
    """The one form of a code as somebody typed or scanned it; empty where it can be none.

    Case, hyphens and blanks do not matter; I and L are 1, O is 0, also in codes that were imported.
    """
    if len(text) > 3 * MAX_CODE_CHARS or not text.isprintable():
        return ""
    code = text.upper().translate(_READ_AS)
    return code if _CODE.fullmatch(code) else ""


def shown(code: str) -> str:
    """A normalised code for people: in groups of four."""
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def check_character(symbols: str) -> str:
    """Of symbols of the alphabet: their number modulo 37."""
    number = 0
    for symbol in symbols:
        number = number * 32 + _VALUES[symbol]
    return CHECK_ALPHABET[number % 37]


def is_well_typed(code: str, prefix: str = "") -> bool:
    """Whether a normalised code of ours has its check character: a typing error of one character has not."""
    body = code.removeprefix(prefix)
    if len(body) != RANDOM_CHARS + 1 or any(char not in _VALUES for char in body[:-1]):
        return False
    return check_character(body[:-1]) == body[-1]


def generated(secret: bytes, pool: str, ordinal: int, prefix: str = "", attempt: int = 0) -> str:
    """The code of a coupon, normalised.

    :param prefix: normalised, in front of it. :param attempt: counted up where another coupon has the code already.
    """
    number = 0
    while True:
        cause = "\x1f".join(("coupon", pool, str(ordinal), str(attempt), str(number))).encode()
        bits = int.from_bytes(hmac.digest(secret, cause, hashlib.sha256)[:9], "big") >> 7
        symbols = "".join(ALPHABET[bits >> 5 * place & 31] for place in reversed(range(RANDOM_CHARS)))
        check = check_character(symbols)
        if check in _VALUES:
            return f"{prefix}{symbols}{check}"
        number += 1
