"""Personal links, by which people recommend the brand: ``/s/r.`` and the source profile of whoever has it, encrypted
with the deployment's key.

Nothing is stored of a link: every gateway reads it. Without the key nobody can make one, nor see whose it is. Its
letters are those that all writings of a link keep: scanners and chats change case and append a full stop.
"""

import hashlib
import re
from base64 import b32decode, b32encode
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from gateway.brand.live import BrandView
from gateway.scan.link import link_of
from schemas.brand.model import Tag

BEGINNING: Final = "r."
CODE_CHARS: Final = 52
"""16 bytes of a source profile and 16 that show that nobody made it up, 5 bits a letter."""
_WRITTEN: Final = re.compile(rf"[rR]\.([a-zA-Z2-7]{{{CODE_CHARS}}})(?![a-zA-Z0-9])")


class PersonalLinks:
    """:param key: secret of the deployment, at least 16 bytes; all gateways have the same."""

    def __init__(self, key: bytes) -> None:
        # Deterministic encryption (RFC 5297): somebody's link is always the same, and nothing of them is seen.
        self._cipher = AESSIV(hashlib.blake2b(key=hashlib.sha256(key).digest(), person=b"fp personal link").digest())

    def link(self, brand_view: BrandView, source_profile: str, base: str) -> str | None:
        """The personal link of a source profile; None where the brand has no programme.

        :param base: see ``schemas.base_address``; may be empty.
        """
        if not brand_view.brand.referral:
            return None
        encrypted = self._cipher.encrypt(UUID(source_profile).bytes, [brand_view.brand.about.id.encode()])
        return link_of(base, BEGINNING + b32encode(encrypted).decode().rstrip("=").lower())

    def followed(self, written: str, brand_view: BrandView) -> tuple[Tag, str] | None:
        """The tag as which a personal link is answered, and whose it is; None for what is no such link of the brand.

        :param written: the link's last part, percent-decoded once.
        """
        programme = next(iter(brand_view.brand.referral.values()), None)
        found = _WRITTEN.match(written) if programme is not None else None
        if programme is None or found is None:
            return None
        encrypted = b32decode(found[1].upper() + "=" * (-CODE_CHARS % 8))
        try:
            opened = self._cipher.decrypt(encrypted, [brand_view.brand.about.id.encode()])
        except InvalidTag:
            return None
        tag = brand_view.brand.tags.get(programme.tag)
        return None if tag is None else (tag, str(UUID(bytes=opened)))
