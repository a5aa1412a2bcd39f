"""The languages that a browser asks for."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from schemas.languages import lookup

MAX_HEADER_CHARS: Final = 500


def wanted_languages(accept_language: str) -> list[str]:
    """The languages of an Accept-Language header, the most wanted first (RFC 9110, 12.5.4)."""
    found: list[tuple[float, str]] = []
    for part in accept_language[:MAX_HEADER_CHARS].split(","):
        tag, _, parameter = part.partition(";")
        weight = parameter.strip().removeprefix("q=").strip()
        try:
            wanted = float(weight) if weight else 1.0
        except ValueError:
            wanted = 0.0
        if (tag := tag.strip().lower()) and 0 < wanted <= 1:
            found.append((-wanted, tag))
    # Sorted by weight alone: of equal ones the first counts.
    return [tag for _, tag in sorted(found, key=lambda one: one[0])]


def language_of(headers: Iterable[tuple[bytes, bytes]], languages: tuple[str, ...]) -> str:
    """The language that an ASGI request gets of these, of which the first is the default."""
    if len(languages) < 2:
        return languages[0] if languages else ""
    header = b",".join(value for name, value in headers if name == b"accept-language")
    return _looked_up(header[:MAX_HEADER_CHARS], languages)


@lru_cache(2048)  # the phones of a country have few different headers
def _looked_up(header: bytes, languages: tuple[str, ...]) -> str:
    return lookup(wanted_languages(header.decode("latin-1")), languages, languages[0])
