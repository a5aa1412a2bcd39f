"""What a page of a tag has that follows from the brand: a dictionary for its compression (RFC 1950, preset dictionary).

A page is in the cookie of the phone that has it. So of what every gateway knows the cookie has references alone.
"""

from typing import Final

import msgspec

from schemas.brand.model import Brand, Tag

MAX_BYTES: Final = 30_000
"""zlib looks back 32 KiB at most; what comes last is what it finds most cheaply."""
CACHED: Final = 500


class KnownTexts:
    """Of one version of a brand."""

    def __init__(self, brand: Brand) -> None:
        self._brand = brand
        self._by_tag: dict[str, bytes] = {}
        pages = [route.action for route in brand.routes if route.action.kind == "page"]
        texts = [text for action in pages for one in action.templates() for text in one.values()]
        self._shared = "\n".join(dict.fromkeys(texts)).encode(errors="replace")

    def of(self, tag: Tag) -> bytes:
        """What pages of the tag have, in bytes that are the same at every gateway with this version."""
        found = self._by_tag.get(tag.id)
        if found is None:
            if len(self._by_tag) >= CACHED:
                self._by_tag.clear()
            found = self._by_tag[tag.id] = self._build(tag)
        return found

    def _build(self, tag: Tag) -> bytes:
        here = [self._brand.stores.get(tag.store), self._brand.products.get(tag.product)]
        items = msgspec.json.encode([one for one in here if one is not None])
        return (self._shared + items)[-MAX_BYTES:]
