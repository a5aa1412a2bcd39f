"""Pseudonyms: the keyed hash that replaces an identifier in normal form before it reaches any topic.

The hash is HMAC-SHA-256 (RFC 2104) cut to 128 bits: without the key nobody can test whether an address is in the data,
with it the same address always gives the same identifier. The key is a secret of the deployment.

Two sorts of values would join strangers, so they are hashed differently. A placeholder
(schemas/identifiers/placeholders.py) becomes ``type:blocked``, which joins nobody. A MAC address that is marked as
locally administered (IEEE 802) is a random one: phones use them since iOS 14 and Android 10, one for each network, and
change them after a while. Its hash includes the day (UTC), so that it identifies somebody for one day only.

An identifier that is dead (schemas/identifiers/dead.py) is replaced by the next one, its living identifier.
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from schemas.identifiers.contacts import (
    MASKED,
    Effort,
    has_at_sign,
    may_hold_phone,
    replace_addresses,
    replace_phones,
)
from schemas.identifiers.dead import EVER_AFTER, NEVER_ERASED, NOBODY_DEAD, Dead
from schemas.identifiers.devices import IssuedDevices
from schemas.identifiers.fields import Holds, holds, is_time
from schemas.identifiers.keyed_hash import HEX_DIGITS, KeyedHash
from schemas.identifiers.keys import MIN_KEY_BYTES, Key, keys_of
from schemas.identifiers.links import Links, is_query, may_be_reference
from schemas.identifiers.normalise import (
    InvalidIdentifier,
    email,
    is_random_mac,
    normal_form,
    phone_form,
    trimmed,
)
from schemas.identifiers.numbering_plan import is_e164
from schemas.identifiers.placeholders import is_placeholder
from schemas.identifiers.plain import plain
from schemas.identifiers.proofs import Proofs
from schemas.identifiers.types import BLOCKED, DEVICE, type_of
from schemas.matching.traits import Traits, encode_traits
from schemas.text import visible

DAY_US: Final = 86_400_000_000
_MARKS: Final = re.compile(rb"[@\\%&?#=]")
_DIGITS: Final = re.compile(rb"\d(?:\D{0,3}\d){6}")
"""In JSON, beside what is not ASCII: an at sign, an escape, signs of a page's address or of an encoding; as many digits
as a phone number has. Each begins with a set of characters, which is found several times faster than one of several
expressions."""
_SIGNS: Final = re.compile(r"[^\x00-\x7f]|[@%&?#\\]|//")
"""Without one of these a text holds no e-mail address, nothing encoded and no address of a page to be cleaned."""
LONGEST_NAME: Final = 200
"""Characters of a member's name that are looked at for what it holds: its last noun decides."""
NEXT: Final = "\0next\0"
"""Begins what the next identifier is the hash of; no value has control characters."""
REMEMBERED: Final = 50_000
"""Phone numbers whose pseudonym is remembered, some 10 MB: a till's customers come back, and to read a number takes ten
times as long as all else about an identifier."""


def may_hold_contacts(text: bytes) -> bool:
    """Whether scrubbing might change anything in a JSON text; False is certain."""
    return not text.isascii() or b"//" in text or _MARKS.search(text) is not None or _DIGITS.search(text) is not None


class Pseudonyms:
    """Turns identifiers into ``type:hash``.

    :param key: secret of at least 16 bytes; another key gives entirely other identifiers. Of several the newest makes
        them; contents and traits are hashed with the oldest.
    :param country: see :func:`schemas.identifiers.normalise.normalise`; methods take another for one event.
    :param codes: names of members that hold codes, beside those that schemas/identifiers/fields.py knows.
    :param parameters: of a page's address, which count beside ``utm_…``.
    :param dead: the dead identifiers; others may be added to it at any time.
    """

    def __init__(
        self,
        key: Key,
        country: str = "",
        codes: Iterable[str] = (),
        parameters: Iterable[str] = (),
        dead: Dead = NOBODY_DEAD,
    ) -> None:
        keys = keys_of(key)
        if len(keys.newest) < MIN_KEY_BYTES:
            raise ValueError(f"the identifier key must have at least {MIN_KEY_BYTES} bytes")
        self._key = keys.oldest
        self._hash_of = KeyedHash(keys.newest).hex
        self._oldest_hash_of = KeyedHash(keys.oldest).hex
        self._other_hashes = [KeyedHash(other).hex for other in keys.others]
        self._country = country
        self._codes = frozenset(codes)
        self._dead = dead
        self.devices = IssuedDevices(key)
        self.proofs = Proofs(key)
        self.links = Links(
            parameters,
            self._replace_addresses,
            lambda text, effort: self._scrub_part(text, "", effort),
        )
        # Keyed hashes on both sides: nothing that somebody wrote is kept here.
        self._phones: OrderedDict[bytes, str] = OrderedDict()

    def identifier(self, kind: str, value: str, at: int = 0, country: str = "") -> str:
        """``type:hash`` of a raw value, ``type:blocked`` of a placeholder and of one that was dead by then.

        :param at: when the event happened, in microseconds; only a random MAC address and a value whose identifier is
            dead depend on it.
        :param country: where it happened, if that is known; only a national phone number depends on it.
        :raises InvalidIdentifier: see :func:`schemas.identifiers.normalise.normalise`.
        """
        return self.named(kind, value, at, country)[0]

    def living(self, identifier: str, at: int = EVER_AFTER) -> str:
        """The identifier itself; of a dead one ``type:blocked`` for what happened until it died, and for what happened
        later the next one: a keyed hash of it and of that time, which may be dead in its turn."""
        while (erased_at := self._dead.get(identifier)) is not None:
            kind = type_of(identifier)
            if at <= erased_at:
                return f"{kind}:{BLOCKED}"
            # Without a key: the same whatever key makes identifiers, and what it hashes is a keyed hash already.
            content = f"{NEXT}{identifier}{NEXT}{erased_at}".encode()
            identifier = f"{kind}:{hashlib.sha256(content).hexdigest()[:HEX_DIGITS]}"
        return identifier

    def named(self, kind: str, value: str, at: int = 0, country: str = "") -> tuple[str, str]:
        """:meth:`identifier`, and the value in normal form; that is empty for a placeholder, and for a phone number
        that was read before.

        For the parameters see there. :raises InvalidIdentifier: see there.
        """
        found, normal = self._first_named(kind, value, at, country)
        if not self._dead:
            return found, normal
        if self._other_hashes and found != f"{kind}:{BLOCKED}":
            # Erased before the key was changed: what happened until then counts under no key.
            others = self.others(kind, normal or self.normal_form(kind, value, country))
            if any(at <= self._dead.get(other, NEVER_ERASED) for other in others):
                return f"{kind}:{BLOCKED}", ""
        return (self.living(found, at), normal) if found in self._dead else (found, normal)

    def _first_named(self, kind: str, value: str, at: int, country: str) -> tuple[str, str]:
        """The same as long as nothing of it is dead."""
        if kind != "phone":
            return self._named(kind, value, at, country)
        if is_e164(value):
            if is_placeholder("phone", value):
                return f"phone:{BLOCKED}", ""
            return self._hash("phone", value), value
        return self._remembered_phone(value, country or self._country)

    def normal_form(self, kind: str, value: str, country: str = "") -> str:
        """The normal form of a value that has an identifier."""
        if kind == "phone" and is_e164(value):
            return value
        return normal_form(kind, trimmed(kind, value), country or self._country)

    @property
    def has_others(self) -> bool:
        """Whether values have identifiers under further keys."""
        return bool(self._other_hashes)

    def others(self, kind: str, normal: str) -> tuple[str, ...]:
        """The identifiers that a value in normal form has under the other keys."""
        content = f"{kind}\0{normal}".encode()
        return tuple(f"{kind}:{hash_of(content)}" for hash_of in self._other_hashes)

    def _remembered_phone(self, value: str, country: str) -> tuple[str, str]:
        written = f"{country}\0{value}".encode(errors="surrogatepass")
        key = hashlib.blake2b(written, digest_size=16, key=self._key).digest()
        if (known := self._phones.get(key)) is not None:
            return known, ""
        found = self._named("phone", value, 0, country)
        self._phones[key] = found[0]
        if len(self._phones) > REMEMBERED:
            self._phones.popitem(last=False)
        return found

    def _named(self, kind: str, value: str, at: int, country: str) -> tuple[str, str]:
        text = trimmed(kind, value)
        if kind == DEVICE:
            text = self.devices.issued(text) or text  # a phone's cookie means its device
        if is_placeholder(kind, text):
            return f"{kind}:{BLOCKED}", ""
        normal = normal_form(kind, text, country or self._country)
        if kind in ("phone", "mac") and normal != text and is_placeholder(kind, normal):
            return f"{kind}:{BLOCKED}", ""
        if kind == "mac" and is_random_mac(normal):
            normal = f"{normal}@{at // DAY_US}"
        return self._hash(kind, normal), normal

    def _hash(self, kind: str, normal: str) -> str:
        content = f"{kind}\0{normal}".encode()
        return f"{kind}:{self._hash_of(content)}"

    def digest(self, content: bytes) -> str:
        """Keyed hash of any bytes; no identifier has the same."""
        return self._oldest_hash_of(b"\0digest\0" + content)

    def traits(self, properties: Mapping[str, Any]) -> Traits | None:
        """The traits of a person or device in an event's properties, encoded; None when there are none."""
        return encode_traits(properties, self._key)

    def scrub(self, text: str, country: str = "", effort: Effort | None = None) -> str:
        """Free text with every e-mail address and phone number in it replaced by its identifier in brackets, also where
        they are encoded, and with addresses of pages cleaned (schemas/identifiers/links.py).

        :param effort: what may be read of the event that the text is of.
        """
        if not _SIGNS.search(text) and not may_hold_phone(text):
            return text
        effort = effort or Effort()
        return self._scrubbed(text, lambda part: self._scrub_part(part, country, effort), effort)

    def scrub_addresses(self, text: str, effort: Effort | None = None) -> str:
        """The same of a name or code; digits are no phone number there."""
        if not _SIGNS.search(text):
            return text
        effort = effort or Effort()
        return self._scrubbed(text, lambda part: self._replace_addresses(part, effort), effort)

    def _scrubbed(self, text: str, scrub: Callable[[str], str], effort: Effort) -> str:
        def scrub_encoded(part: str) -> str:
            scrubbed = scrub(part)
            said = plain(scrubbed)
            if said == scrubbed:
                return scrubbed
            again = self.links.replace_in(said, scrub, effort)
            return scrubbed if again == said else again

        return self.links.replace_in(text, scrub_encoded, effort)

    def _replace_addresses(self, text: str, effort: Effort) -> str:
        if not has_at_sign(text):
            return text
        return replace_addresses(text, effort, lambda found: f"[{self._address(found)}]")

    def _address(self, found: str) -> str:
        try:
            normal = email(trimmed("email", found))
        except InvalidIdentifier:
            normal = found.casefold()
        return self.living(self._hash("email", normal))

    def _scrub_part(self, text: str, country: str, effort: Effort) -> str:
        text = self._replace_addresses(text, effort)
        if not may_hold_phone(text):
            return text
        seen = visible(text)
        scrubbed = replace_phones(
            seen,
            country or self._country,
            effort,
            lambda number: f"[{self.living(self._hash('phone', phone_form(number)))}]",
        )
        return text if scrubbed == seen else scrubbed

    def scrub_json(self, node: Any, country: str = "", held: Holds = Holds.TEXT, effort: Effort | None = None) -> Any:
        """A JSON value, scrubbed as the name of each member says (schemas/identifiers/fields.py); names are scrubbed
        as text.

        :param held: what the value itself holds.
        """
        effort = effort or Effort()
        if isinstance(node, Mapping):
            return {
                self.scrub(str(name), country, effort): self.scrub_json(
                    value, country, self._holds(str(name), held), effort
                )
                for name, value in node.items()
            }
        if isinstance(node, list | tuple):
            return [self.scrub_json(value, country, held, effort) for value in node]
        if held is Holds.PHONE and isinstance(node, str | int) and may_hold_phone(str(node)):
            return f"[{self._phone(str(node), country)}]" if effort.take() else MASKED
        if not isinstance(node, str):
            return node
        match held:
            case Holds.CODE:
                return self.scrub_addresses(node, effort)
            case Holds.LINK if may_be_reference(node):
                return self.links.cleaned(f"?{node}" if is_query(node) else node, effort)
            case _ if is_time(node):
                return node
            case _:
                return self.scrub(node, country, effort)

    def _holds(self, name: str, inside: Holds) -> Holds:
        return Holds.CODE if name in self._codes else holds(name[-LONGEST_NAME:], inside)

    def _phone(self, value: str, country: str) -> str:
        # A national number without its prefix is recognised by the name of its member.
        try:
            return self.identifier("phone", value, EVER_AFTER, country)
        except InvalidIdentifier:
            return self.living(self._hash("phone", value))
