"""The links of a product: what GS1 calls link types, each with an address, for those who ask for one."""

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote

from schemas.brand.item import Mistake, Part, Sections, unknown_name, unregistered_address
from schemas.languages import language_faults

PLACEHOLDERS: Final = ("key", "lot", "serial", "variant")
"""What an address may name in braces: the value of the primary key, and those of the qualifiers 10, 21 and 22."""
MAX_LINKS: Final = 100
MAX_URL_CHARS: Final = 1_000
MAX_TITLE_CHARS: Final = 300
_BRACES: Final = re.compile(r"\{([^{}]*)\}|[{}]")
_TYPE: Final = re.compile(r"gs1:[A-Za-z][A-Za-z0-9]{0,60}|[a-z][a-z0-9.-]{0,60}|https?://[!-~]{1,200}")
_MEDIA_TYPE: Final = re.compile(r"[a-z]+/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,100}")


class Link(Part, frozen=True):
    """``type`` is a word of the GS1 Web Vocabulary (``gs1:pip``), a registered relation (``license``) or a URI;
    ``url`` a registered address, which may name :data:`PLACEHOLDERS`: it counts where the scan has them all, and then
    before one that names fewer. ``languages`` (BCP 47) and ``media_type`` are those of what stands there; without
    languages it is for everybody.
    """

    type: str
    url: str
    title: str = ""
    languages: tuple[str, ...] = ()
    media_type: str = ""

    def mistakes(self, field: str, brand: Sections) -> Iterator[Mistake]:
        """:param field: the link's own field."""
        if not _TYPE.fullmatch(self.type):
            yield f"{field}.type", f"{self.type!r} must be a link type such as gs1:pip, a relation or a URI"
        yield from self._address_mistakes(f"{field}.url", brand)
        for index, language in enumerate(self.languages):
            for fault in language_faults(language):
                yield f"{field}.languages[{index}]", fault
        if len(self.title) > MAX_TITLE_CHARS:
            yield f"{field}.title", f"has {len(self.title)} characters; {MAX_TITLE_CHARS} is the most"
        if self.media_type and not _MEDIA_TYPE.fullmatch(self.media_type):
            yield f"{field}.media_type", f"{self.media_type!r} must be a media type such as text/html"

    def _address_mistakes(self, field: str, brand: Sections) -> Iterator[Mistake]:
        for found in _BRACES.finditer(self.url):
            if found[1] not in PLACEHOLDERS:
                yield field, f"no {found[0]}; there are {', '.join(f'{{{name}}}' for name in PLACEHOLDERS)}"
                return
        if len(self.url) > MAX_URL_CHARS:
            yield field, f"has {len(self.url)} characters; {MAX_URL_CHARS} is the most"
        yield from unregistered_address(field, self.filled(dict.fromkeys(PLACEHOLDERS, "x")) or "", brand)

    @property
    def names(self) -> frozenset[str]:
        """The placeholders that its address names."""
        return frozenset(_BRACES.findall(self.url))

    def filled(self, values: Mapping[str, str]) -> str | None:
        """The address with the values, percent-encoded; None where it names one that is not there."""
        if "{" not in self.url:
            return self.url
        if not all(values.get(name) for name in self.names):
            return None
        return _BRACES.sub(lambda found: quote(values[found[1]], safe=""), self.url)


def link_mistakes(links: tuple[Link, ...], default_link: str, brand: Sections) -> Iterator[Mistake]:
    """What is wrong with the links of a product, and with the type of its default one."""
    for index, link in enumerate(links[: MAX_LINKS + 1]):
        yield from link.mistakes(f"links[{index}]", brand)
    if len(links) > MAX_LINKS:
        yield "links", f"has {len(links)} links; {MAX_LINKS} is the most"
    if default_link:
        yield from unknown_name("default_link", default_link, {link.type for link in links}, "no link has the type")
