"""Identifiers: brought to one normal form, then replaced by a keyed hash before they reach any topic.

The hash is HMAC-SHA-256 (RFC 2104) cut to 128 bits: without the key nobody can test whether an address is in the data,
with it the same address always gives the same identifier. The key is a secret of the deployment.

Two sorts of values would join strangers, so they do not become identifiers like the others. What is only a
placeholder (schemas/placeholders.py) becomes ``type:blocked``, which is nobody's. A MAC address that says of itself
that it is local, not given by a manufacturer (IEEE 802), is a random one: phones make them since iOS 14 and Android
10, one for each network, and new ones after a while. Its hash has the day in it (UTC), so that it means somebody for
one day.
"""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Final

import phonenumbers

from schemas.likeness.traits import Traits, encode_traits
from schemas.placeholders import is_placeholder

TYPES: Final = ("customer", "loyalty", "email", "phone", "payment", "device", "mac")
"""Built-in types, strongest first: the first one present is an event's anchor. A brand's own types come last."""
MAX_CHARS: Final = 256
BLOCKED: Final = "blocked"
"""Stands for the hash of a value that is no identifier; nothing is ever joined by it."""
DAY_US: Final = 86_400_000_000
EMAIL: Final = re.compile(r"[^\s@<>(),;:\"\[\]]{1,64}@[^\s@<>(),;:\"\[\]]+\.[^\s@<>(),;:\"\[\].]{2,63}")
_DIGITS: Final = re.compile(r"\d(?:\D{0,3}\d){6,}")
_PHONE_NAME: Final = re.compile(r"phone|mobile|msisdn|whatsapp", re.IGNORECASE)
_MAC: Final = re.compile(r"[0-9a-f]{12}")


class InvalidIdentifier(ValueError):
    """A value that is no identifier of its type; the message says why and does not repeat the value."""


def normalise(kind: str, value: str, country: str = "") -> str:
    """The one form of a value that all senders' spellings lead to.

    :param country: ISO 3166 code used for phone numbers without a country prefix; empty refuses those.
    :raises InvalidIdentifier: empty, over 256 characters, or no such address.
    """
    return _normal(kind, _text(value), country)


def _text(value: str) -> str:
    text = unicodedata.normalize("NFKC", value).strip()
    if not text:
        raise InvalidIdentifier("is empty")
    if len(text) > MAX_CHARS:
        raise InvalidIdentifier(f"is longer than {MAX_CHARS} characters")
    if not text.isprintable():
        raise InvalidIdentifier("has control characters")
    return text


def _normal(kind: str, text: str, country: str) -> str:
    match kind:
        case "email":
            return _email(text)
        case "phone":
            return _phone(text, country)
        case "mac":
            return _mac(text)
        case _:
            return text


def _email(text: str) -> str:
    if not EMAIL.fullmatch(text):
        raise InvalidIdentifier("is no e-mail address")
    return text.casefold()


def _phone(text: str, country: str) -> str:
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException as error:
        raise InvalidIdentifier("is no phone number with a country prefix (+…)") from error
    # A number without its area code is "possible" too, but is another one in every town.
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise InvalidIdentifier("is no possible phone number")
    normal = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    # Of several zeros at the beginning one more is taken for a prefix each time.
    return _phone(normal, "") if number.italian_leading_zero and normal != text else normal


def _mac(text: str) -> str:
    bare = re.sub(r"[:.\-]", "", text).lower()
    if not _MAC.fullmatch(bare):
        raise InvalidIdentifier("is no MAC address")
    return bare


def _is_random(mac: str) -> bool:
    """The second lowest bit of the first octet: locally administered (IEEE 802)."""
    return int(mac[1], 16) & 2 != 0


class Pseudonyms:
    """Turns identifiers into ``type:hash``.

    :param key: secret of at least 16 bytes; another key gives entirely other identifiers.
    :param country: see :func:`normalise`.
    """

    def __init__(self, key: bytes, country: str = "") -> None:
        if len(key) < 16:
            raise ValueError("the identifier key must have at least 16 bytes")
        self._key = key
        self._hmac = hmac.new(key, digestmod=hashlib.sha256)
        self._country = country

    def identifier(self, kind: str, value: str, at: int = 0) -> str:
        """``type:hash`` of a raw value, ``type:blocked`` of a placeholder.

        :param at: when the event happened, in microseconds; only a random MAC address depends on it.
        :raises InvalidIdentifier: see :func:`normalise`.
        """
        text = _text(value)
        if is_placeholder(kind, text):
            return f"{kind}:{BLOCKED}"
        normal = _normal(kind, text, self._country)
        if kind in ("phone", "mac"):
            if is_placeholder(kind, normal):
                return f"{kind}:{BLOCKED}"
            if kind == "mac" and _is_random(normal):
                normal = f"{normal}@{at // DAY_US}"
        return self._hash(kind, normal)

    def _hash(self, kind: str, normal: str) -> str:
        mac = self._hmac.copy()
        mac.update(f"{kind}\0{normal}".encode())
        return f"{kind}:{mac.hexdigest()[:32]}"

    def traits(self, properties: Mapping[str, Any]) -> Traits | None:
        """What an event's properties tell of a person or a device, encoded; None when they tell nothing."""
        return encode_traits(properties, self._key)

    def scrub(self, text: str) -> str:
        """The text with every e-mail address and phone number in it replaced by its identifier in brackets."""
        if "@" in text:
            text = EMAIL.sub(lambda found: f"[{self._hash('email', found[0].casefold())}]", text)
        if _DIGITS.search(text):
            text = self._scrub_phones(text)
        return text

    def _scrub_phones(self, text: str) -> str:
        # Only numbers that are valid in their country's plan: article numbers and receipts have as many digits.
        matches = phonenumbers.PhoneNumberMatcher(text, self._country or None, phonenumbers.Leniency.VALID)
        parts, end = [], 0
        for match in matches:
            normal = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
            parts += [text[end : match.start], f"[{self._hash('phone', normal)}]"]
            end = match.end
        return "".join([*parts, text[end:]])

    def scrub_json(self, node: Any) -> Any:
        """A JSON value with every text in it scrubbed, names of members too."""
        if isinstance(node, str):
            return self.scrub(node)
        if isinstance(node, Mapping):
            return {self.scrub(str(name)): self._scrub_member(str(name), value) for name, value in node.items()}
        if isinstance(node, list | tuple):
            return [self.scrub_json(value) for value in node]
        return node

    def _scrub_member(self, name: str, value: Any) -> Any:
        # A national number without its prefix is recognised by the name it travels under.
        if _PHONE_NAME.search(name) and isinstance(value, str | int) and _DIGITS.search(str(value)):
            try:
                return f"[{self.identifier('phone', str(value))}]"
            except InvalidIdentifier:
                return f"[{self._hash('phone', str(value))}]"
        return self.scrub_json(value)


def is_blocked(identifier: str) -> bool:
    """Whether it stands for a placeholder."""
    return identifier.endswith(f":{BLOCKED}")


def anchor_of(identifiers: Iterable[str]) -> str:
    """The strongest identifier, which decides the event's partition."""
    return min(identifiers, key=strength)


def type_of(identifier: str) -> str:
    """What stands before the colon."""
    return identifier.partition(":")[0]


def strength(identifier: str) -> tuple[int, str]:
    """What identifiers are ordered by, strongest first: their type, then their text; blocked ones are last of all."""
    if is_blocked(identifier):
        return len(TYPES) + 1, identifier
    kind = type_of(identifier)
    return (TYPES.index(kind) if kind in TYPES else len(TYPES), identifier)
