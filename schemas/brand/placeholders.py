"""Placeholders in the texts and addresses of an action: ``{name}``, and nothing else in braces.

``{{`` and ``}}`` stand for the braces themselves. There are no format specifications, conversions or attributes.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from schemas.brand.suggestions import closest
from schemas.text import has_directions, isolated

PLACEHOLDERS = ("tag", "store", "store_name", "product", "product_name", "campaign", "stock")
"""What texts and addresses of an action may name in braces."""
_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")

Pieces = tuple[tuple[str, bool], ...]
"""A text in pieces: literal text, or the name of a placeholder with True."""


def placeholder_faults(text: str) -> Iterator[str]:
    """What is wrong with a text's braces, in words."""
    for found in _BRACES.finditer(text):
        braces, name = found[0], found[1]
        if braces in ("{", "}"):
            yield f"has a single {braces} at character {found.start() + 1}; write {braces * 2} for the character itself"
        elif name is not None and name not in PLACEHOLDERS:
            near = closest(re.split(r"[^\w]", name.strip(), maxsplit=1)[0], PLACEHOLDERS)
            meant = f"did you mean {{{near}}}? " if near else ""
            yield f"no {braces}; {meant}there are {', '.join(sorted(PLACEHOLDERS))}"


@lru_cache(4096)
def pieces(text: str) -> Pieces:
    """The text in pieces. Braces that name no placeholder stay as they are."""
    done: list[tuple[str, bool]] = []
    end = 0
    for found in _BRACES.finditer(text):
        if found[1] in PLACEHOLDERS:
            done += [(text[end : found.start()], False), (found[1], True)]
        elif found[0] in ("{{", "}}"):
            done.append((text[end : found.start() + 1], False))
        else:
            continue
        end = found.end()
    done.append((text[end:], False))
    return tuple(piece for piece in done if piece[0])


def named_in(text: str) -> frozenset[str]:
    """The placeholders that a text names."""
    return frozenset(piece for piece, is_name in pieces(text) if is_name)


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with the values of its placeholders."""
    return "".join(values[piece] if is_name else piece for piece, is_name in pieces(text))


def fill_text(text: str, values: Mapping[str, str]) -> str:
    """The same for a text that people read. Where something runs from right to left each value is isolated, so that a
    name in another script than the text's moves neither the punctuation nor the numbers beside it."""
    found = pieces(text)
    whole = "".join(values[piece] if is_name else piece for piece, is_name in found)
    if len(found) < 2 or not has_directions(whole):
        return whole
    return "".join(isolated(values[piece]) if is_name else piece for piece, is_name in found)
