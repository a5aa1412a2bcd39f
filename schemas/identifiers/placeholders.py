"""Placeholders: values that stand where an identifier should be. Many people share them, so they join nobody.

Sources: Segment suggests blocking runs of zeros and dashes, ``-1``, ``null`` and
``anonymous`` (documentation of Identity Resolution, "Blocked values"); PostHog refuses to merge by anonymous, guest,
distinct_id, id, not_authenticated, email, undefined, true, false in any case, and by ``[object Object]``, NaN, None,
null and 0, each also in single or double quotes (its merge service). Both lists are covered here, in any case and
within any quotes or brackets. Constants of devices: iOS and Android report ``02:00:00:00:00:00`` as their MAC address
to every app, an advertising id that may not be read is the UUID of zeros. What people type, mailboxes and repeated
digits are ours.

A list holds for the types whose values it cannot be: numbers that the brand itself counts up reach 222222 one day, and
Nan, Nil and Na are given names, hence mailboxes.
"""

import re
import unicodedata
from typing import Final

import phonenumbers

from schemas.identifiers.placeholder_words import COUNTER, TYPED, WORDS

WRAPPING: Final = " \t\n\r\\'\"`´‘’“”„‚«»‹›()[]{}<>"
MAILBOXES: Final = re.compile(
    r"(?:test(?:er|ing|e?mail|user|account)?|dummy|fake|example|asdf+|qwert[yz]|no[-_.]?(?:e[-_.]?)?mail|null|none|n/a"
    r"|undefined|unknown|unbekannt|anonymous|anon|guest|(?:do[-_.]?not|no)[-_.]?reply|ask[-_.]?(?:me[-_.]?)?later"
    r"|keine?(?:[-_.]?(?:e[-_.]?)?mail)?|keine[-_.]?angabe|noone|nobody|niemand|noname|x{2,})[-_.]?[0-9]*"
)
"""Local parts of addresses that are typed to get past a form, or that nobody reads."""
_ISSUED_BY_OTHERS: Final = frozenset({"email", "phone", "payment", "device", "mac"})
_NO_LETTERS: Final = "0 -_.:/+#*?!,;=~^|&%$§@…–—"
_REPEATED: Final = re.compile(r"([0-9f])(?:[ \-_.:/]*\1){5,}")
"""Six times or more the same digit, or hexadecimal f: 111-111, 999-999-999, the MAC address of all ones."""
_NINES: Final = re.compile(r"9(?:[ \-_.:/]*9){5,}")
"""The highest number of a field stands for no number, in systems that count too."""
_CROSSED_OUT: Final = re.compile(r"x{2,}")
_REPEATED_NUMBER: Final = re.compile(r"\+[0-9]{1,3}(?:([0-9])\1{5,}|0{2,})")
"""Behind the country's code: no number begins with two zeros, so zeros alone need not be six."""
_UPWARDS: Final = "01234567890"
_DOWNWARDS: Final = "9876543210"
_COUNTED: Final = (_UPWARDS, _DOWNWARDS)
_COUNTRY_CODES: Final = frozenset(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
MIN_COUNTED: Final = 6
_CONSTANT_MAC: Final = "020000000000"


def is_placeholder(kind: str, text: str) -> bool:
    """Whether a value of this type of identifier, trimmed or in normal form, is one that strangers share."""
    bare = bare_form(text)
    if bare in WORDS or bare in TYPED or not bare.strip(_NO_LETTERS):
        return True
    if bare[0] == bare[-1]:
        repeated = _REPEATED if kind in _ISSUED_BY_OTHERS else _NINES
        if repeated.fullmatch(bare) or _CROSSED_OUT.fullmatch(bare):
            return True
    match kind:
        case "email":
            return _is_no_mailbox(bare)
        case "phone":
            return _is_no_number(bare)
        case "payment":
            return _is_counted(bare)
        case "mac":
            return bare == _CONSTANT_MAC
        case "device":
            return False
        case _:
            return bare in COUNTER


def bare_form(text: str) -> str:
    """The text as the lists have it: without what it is wrapped in, in one Unicode form and lower case."""
    bare = text.strip(WRAPPING)
    return (bare if bare.isascii() else unicodedata.normalize("NFKC", bare).strip(WRAPPING)).casefold()


def _is_no_mailbox(address: str) -> bool:
    mailbox, _, domain = address.partition("@")
    if MAILBOXES.fullmatch(mailbox.partition("+")[0]):
        return True
    # a@a.com, xxx@x.de: one key held down.
    return len(set(mailbox)) == 1 and set(domain.partition(".")[0]) == set(mailbox)


def _is_no_number(number: str) -> bool:
    main = number.partition(";")[0]
    sign, rest = ("+", main[1:]) if main.startswith("+") else ("", main)
    digits = sign + (rest if rest.isdigit() else "".join(filter(str.isdigit, rest)))
    return _REPEATED_NUMBER.fullmatch(digits) is not None or (
        _may_be_counted(digits) and _is_counted(_national(digits))
    )


def _national(number: str) -> str:
    """The number without its country's code: codes are of one to three digits, and none begins with another."""
    if not number.startswith("+"):
        return number
    lengths = (length for length in (1, 2, 3) if number[1 : 1 + length] in _COUNTRY_CODES)
    return number[1 + next(lengths, 0) :]


def _is_counted(number: str) -> bool:
    """Whether the digits are those of the keyboard's row: 123456, 0123456789, 987654."""
    if not _may_be_counted(number):
        return False
    digits = "".join(filter(str.isdigit, number))
    return len(digits) >= MIN_COUNTED and any(digits in row for row in _COUNTED)


def _may_be_counted(number: str) -> bool:
    """False is certain: the last two digits do not follow one another."""
    last = number[-2:]
    return last in _UPWARDS or last in _DOWNWARDS or not last.isdecimal()
