"""Which tag a key of GS1 means: a product's GTIN the tag on its packaging, every other key the tag that names it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from schemas.brand.item import Mistake, Sections
from schemas.gs1.check_digits import gtin_fault
from schemas.gs1.digital_link import DigitalLink, parse_path
from schemas.gs1.elements import entry_of

ANY_END = "*"
"""At the end of a tag's key: every value that begins so."""
MIN_PREFIX_CHARS = 4


def tags_of_products(tags: Iterable[Any]) -> Mapping[str, tuple[str, ...]]:
    """By product the ids of the tags that its GTIN may mean: those with ``digital_link``, otherwise those on
    packaging, otherwise those that hang in no store. More than one is ambiguous. A tag whose link has to prove
    something is none: the same GTIN is on every pack.
    """
    found: dict[str, tuple[int, tuple[str, ...]]] = {}
    for tag in tags:
        if not tag.product or tag.gs1 or tag.security:
            continue
        rank = 3 if tag.digital_link else 0 if tag.store else 2 if tag.placement == "packaging" else 1
        best, ids = found.get(tag.product, (1, ()))
        if rank >= best and rank > 0:
            found[tag.product] = (rank, (*ids, tag.id) if rank == best else (tag.id,))
    return {product: ids for product, (_, ids) in found.items()}


def gtin_mistakes(product: Any, brand: Sections) -> Iterator[Mistake]:
    """What is wrong with a product's GTIN, or with the tags that it may mean."""
    if not product.gtin:
        return
    if fault := gtin_fault(product.gtin):
        yield "gtin", f"{product.gtin!r} {fault}"
    elif (other := brand.products_by_gtin[product.gtin14]) != product.id:
        yield "gtin", f"{product.gtin14} is the GTIN of {other} as well"
    elif len(tags := brand.product_tags.get(product.id, ())) > 1:
        yield "gtin", f"may mean the tags {', '.join(tags[:5])}: one of them needs digital_link: true"


def key_mistakes(field: str, key: str) -> Iterator[Mistake]:
    """What is wrong with a tag's key: ``414/4012345000009``, qualifiers behind it, or ``8004/0950600013*``."""
    if not key.endswith(ANY_END):
        found = parse_path(f"/{key}")
        if not isinstance(found, DigitalLink):
            yield field, f"{key!r} {found}"
        elif as_key(found)[0] != key:
            yield field, f"{key!r} must be written {as_key(found)[0]!r}"
        return
    ai, _, value = key.removesuffix(ANY_END).partition("/")
    entry = entry_of(ai)
    if entry is None or not entry.is_key or entry.fixed or len(value) < MIN_PREFIX_CHARS or not value.isalnum():
        least = f"{MIN_PREFIX_CHARS} letters or digits or more"
        yield field, f"{key!r} must be a key of any length, such as 8004, and {least}"


def as_key(link: DigitalLink) -> tuple[str, ...]:
    """How tags may name what a link means: with all of its qualifiers, with one less … and the key alone."""
    steps = [f"{ai}/{quote(value, safe='')}" for ai, value in link.path]
    return tuple("/".join(steps[:size]) for size in range(len(steps), 0, -1))
