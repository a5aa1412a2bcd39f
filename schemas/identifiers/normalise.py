"""The normal form of identifiers: one text for all spellings of a value.

What people type (e-mail addresses, phone numbers, MAC addresses) is read: in Unicode's NFKC form, without invisible
characters. Everything else is an opaque code, which only its issuer can read: in NFC, trimmed, otherwise as it is; but
a UUID (RFC 9562) or a MAC address means the same in any case.
"""

import re
import unicodedata
from typing import Final

import idna
import phonenumbers

from schemas.text import has_control_characters, visible, without_edges

MAX_CHARS: Final = 256
EMAIL: Final = re.compile(r"[^\s@<>(),;:\"\[\]]{1,64}@[^\s@<>(),;:\"'\[\]]+\.[^\s@<>(),;:\"'\[\].]{2,63}")
"""An apostrophe may stand in a mailbox (O'Neill), in a domain it is the end of a quotation."""
_HOST: Final = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+")
"""A domain in ASCII as names of hosts are written (RFC 1123, section 2.1), underscores as DNS has them."""
_READ: Final = frozenset({"email", "phone", "mac"})
SHORTEST_FOLDED: Final = len("aa:bb:cc:dd:ee:ff")
_MAC: Final = re.compile(r"[0-9a-f]{12}")
_MAC_IN_PAIRS: Final = re.compile(r"[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}")
_UUID: Final = re.compile(r"(?:urn:uuid:|\{)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?", re.IGNORECASE)
_REMARK: Final = re.compile(r"((?:\D*\d){7,})[\s,(]+[^\W\d_]\D*")
"""A number with a remark behind it, such as (home); its letters are no digits of a keypad."""
_LETTER: Final = re.compile(r"[A-Za-z]")
_EXTENSION: Final = re.compile(
    r"[\s,;/(-]*\b(?:durchwahl|nebenstelle|nst|apparat|app|poste|interno|interne|anexo|ramal|toestel)\b[.:\s]*"
    r"([0-9]{1,7})\)?",
    re.IGNORECASE,
)
"""Extensions as other languages name them; phonenumbers knows ext, x, # and ;ext=."""


class InvalidIdentifier(ValueError):
    """A value that is no identifier of its type; the message says why and does not repeat the value."""


def normalise(kind: str, value: str, country: str = "") -> str:
    """The normal form of a raw value.

    :param country: ISO 3166 code used for phone numbers without a country prefix; empty refuses those.
    :raises InvalidIdentifier: empty, over 256 characters, or no such address.
    """
    return normal_form(kind, trimmed(kind, value), country)


def trimmed(kind: str, value: str) -> str:
    """A value as text in one Unicode form, without blanks and invisible characters around it.

    :raises InvalidIdentifier: it is empty, too long, or has control characters.
    """
    text = without_edges(value)
    if not text.isascii():
        text = without_edges(
            visible(unicodedata.normalize("NFKC", text)) if kind in _READ else unicodedata.normalize("NFC", text)
        )
    if not text:
        raise InvalidIdentifier("is empty")
    if len(text) > MAX_CHARS:
        raise InvalidIdentifier(f"is longer than {MAX_CHARS} characters")
    if has_control_characters(text):
        raise InvalidIdentifier("has control characters")
    return text


def normal_form(kind: str, text: str, country: str) -> str:
    """The normal form of a text that is trimmed already."""
    match kind:
        case "email":
            return email(text)
        case "phone":
            return _phone(text, country)
        case "mac":
            return _mac(text)
        case _:
            return _opaque(text)


def email(text: str) -> str:
    """An e-mail address in lower case, its domain in Unicode (IDNA 2008 with the mapping of UTS 46, non-transitional).

    ß is a letter of its own there, and lower case here does not make it ss either.

    :raises InvalidIdentifier: no address, or no domain that can be registered.
    """
    mailbox, at, domain = text.rpartition("@")
    address = f"{_folded(mailbox)}{at}{_domain(domain)}"
    if not EMAIL.fullmatch(address):
        raise InvalidIdentifier("is no e-mail address")
    return address


def _folded(mailbox: str) -> str:
    if mailbox.isascii():
        return mailbox.lower()
    folded = "ß".join(part.casefold() for part in mailbox.replace("ẞ", "ß").split("ß"))
    return unicodedata.normalize("NFKC", folded)


def _domain(domain: str) -> str:
    lower = domain.lower()
    if lower.isascii() and not lower.startswith("xn--") and ".xn--" not in lower:
        if not _HOST.fullmatch(lower):
            raise InvalidIdentifier("is no e-mail address")
        return lower
    try:
        return idna.decode(idna.encode(domain, uts46=True))
    except (idna.IDNAError, UnicodeError):
        raise InvalidIdentifier("has a domain that cannot be registered (IDNA 2008)") from None


def _phone(text: str, country: str) -> str:
    """A number in E.164, with its extension as in RFC 3966: colleagues share all but that."""
    try:
        number = phonenumbers.parse(_without_words(text), country or None)
    except phonenumbers.NumberParseException as error:
        raise InvalidIdentifier("is no phone number with a country prefix (+…)") from error
    # A number without its area code is another one in every town, and one that was made up belongs to nobody.
    if not phonenumbers.is_valid_number(number):
        raise InvalidIdentifier("is no phone number of any country's numbering plan")
    return phone_form(number)


def _without_words(text: str) -> str:
    if not _LETTER.search(text):
        return text
    remark = _REMARK.fullmatch(text)
    return remark[1] if remark else _EXTENSION.sub(r";ext=\1", text)


def phone_form(number: phonenumbers.PhoneNumber) -> str:
    """The normal form of a number that is in its country's numbering plan."""
    normal = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{normal};ext={number.extension}" if number.extension else normal


def _mac(text: str) -> str:
    bare = re.sub(r"[:.\-]", "", text).lower()
    if not _MAC.fullmatch(bare):
        raise InvalidIdentifier("is no MAC address")
    return bare


def _opaque(text: str) -> str:
    if len(text) < SHORTEST_FOLDED:
        return text
    if uuid := _UUID.fullmatch(text):
        return uuid[1].lower()
    return text.lower() if _MAC_IN_PAIRS.fullmatch(text) else text


def is_random_mac(mac: str) -> bool:
    """The second lowest bit of the first octet: locally administered (IEEE 802)."""
    return int(mac[1], 16) & 2 != 0
