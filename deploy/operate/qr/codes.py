"""Which codes to print, and what each says."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from deploy.operate.qr.listing import Line
from gateway.scan.link import NoLink, printed_link
from schemas.brand.gs1_keys import ANY_END, tags_of_products
from schemas.brand.model import Brand, Tag
from schemas.brand.tags import NTAG424, ROTATING
from schemas.gs1.digital_link import DigitalLink, compose, parse_path
from schemas.gs1.elements import Element, Fault, entry_of, value_fault
from schemas.process.errors import OperatorError
from schemas.trust.keys import TagKeys

MAX_EASY_CHARS: Final = 300
"""Longer links make codes of 75 modules and more a side, which a phone reads only from a large print."""
MAX_LABELS: Final = 200_000


class Code(NamedTuple):
    """``name`` is that of its file, ``link`` what it says, ``caption`` what stands beside it."""

    name: str
    link: str
    caption: str
    copies: int = 1

    @property
    def warning(self) -> str:
        """What is wrong with it; empty when nothing is."""
        if len(self.link) <= MAX_EASY_CHARS:
            return ""
        chars = len(self.link)
        return f"the link of {self.name} has {chars} characters: print its code large, or give the tag a shorter id"


class Plan(NamedTuple):
    """The codes to print, and the ids of tags that are left out since there is no key to sign their links."""

    codes: list[Code]
    left_out: list[str]


def codes_of(
    brand: Brand,
    place: Path,
    lines: Sequence[Line],
    address: str,
    gs1: bool,
    captions: bool,
    keys: TagKeys | None = None,
) -> Plan:
    """The codes of these lines; of every tag where there are none, except those whose links a chip or a screen makes,
    or which there is no key to sign.

    :param place: the brand's folder, for messages. :param address: see ``schemas.base_address``.
    :param keys: sign the links of tags that demand it.
    :param gs1: links are GS1 Digital Links, and without lines those of the tags that have one.
    :param captions: a code whose line says nothing of its caption has the tag's id.
    :raises OperatorError: an unknown tag, one that has no such link, or too many codes.
    """
    links = _gs1_links(brand, address) if gs1 else {}
    left_out: list[str] = []
    if not lines:
        signable = keys is not None and keys.signing is not None
        printed = [tag for tag in brand.tags.values() if tag.security not in (NTAG424, ROTATING)]
        left_out = [tag.id for tag in printed if tag.security and not (gs1 or signable)]
        wanted = links if gs1 else [tag.id for tag in printed if signable or not tag.security]
        lines = [Line(0, tag) for tag in wanted]
    if unknown := [line.tag for line in lines if line.tag not in brand.tags]:
        known = ", ".join(list(brand.tags)[:50]) + (" …" if len(brand.tags) > 50 else "")
        raise OperatorError(f"{place} has no tag {', '.join(dict.fromkeys(unknown))}; there are {known}")
    if (labels := sum(line.copies for line in lines)) > MAX_LABELS:
        raise OperatorError(f"{labels} codes are too many at once: {MAX_LABELS} is the most")
    if gs1 and not lines:
        raise OperatorError(f"{place} has no tag that a GS1 Digital Link means: a product needs its gtin")
    found = []
    for line in lines:
        tag = brand.tags[line.tag]
        name, link = _gs1_code(line, tag, address, links) if gs1 else _tag_code(line, tag, address, brand, keys)
        caption = (tag.id if captions else "") if line.caption is None else line.caption
        found.append(Code(name, link, caption, line.copies))
    return Plan(found, left_out)


def _tag_code(line: Line, tag: Tag, address: str, brand: Brand, keys: TagKeys | None) -> tuple[str, str]:
    """The name of a code and its link."""
    if line.lot or line.serial:
        raise OperatorError(f"line {line.number}: lot and serial are parts of a GS1 Digital Link: add --gs1")
    try:
        return tag.id, printed_link(address, tag, brand.about.id, keys)
    except NoLink as error:
        raise OperatorError(str(error)) from None


def _gs1_code(line: Line, tag: Tag, address: str, gs1_links: Mapping[str, str]) -> tuple[str, str]:
    """The name of a code and its link."""
    if tag.id not in gs1_links:
        raise OperatorError(f"no GS1 Digital Link means {tag.id}: the GTIN of its product means another tag, or none")
    link, name = gs1_links[tag.id], tag.id
    qualifiers = [Element(ai, value) for ai, value in (("10", line.lot), ("21", line.serial)) if value]
    if qualifiers:
        link = _with_qualifiers(line, link, address, qualifiers)
        name = "-".join([tag.id, *("".join(c if c.isalnum() else "_" for c in value) for _, value in qualifiers)])
    return name, link


def _with_qualifiers(line: Line, link: str, address: str, qualifiers: list[Element]) -> str:
    for ai, value in qualifiers:
        entry = entry_of(ai)
        if entry is not None and (fault := value_fault(entry, value)):
            raise OperatorError(f"line {line.number}: {fault}")
    parsed = parse_path(link.removeprefix(address))
    assert isinstance(parsed, DigitalLink)
    composed = compose((*parsed.path, *qualifiers), address)
    again = Fault("", "") if isinstance(composed, Fault) else parse_path(composed.removeprefix(address))
    if isinstance(composed, Fault) or isinstance(again, Fault):
        raise OperatorError(f"line {line.number}: the key of {line.tag} has neither a lot nor a serial")
    return composed


def _gs1_links(brand: Brand, address: str) -> dict[str, str]:
    """The GS1 Digital Link of each tag that has one, in the order of the tags."""
    links = {tag.id: f"{address}/{tag.gs1}" for tag in _with_key(brand.tags.values())}
    for product, tags in tags_of_products(brand.tags.values()).items():
        if len(tags) == 1 and product in brand.products and (gtin := brand.products[product].gtin14):
            links[tags[0]] = f"{address}/01/{gtin}"
    return {tag: links[tag] for tag in brand.tags if tag in links}


def _with_key(tags: Iterable[Tag]) -> Iterable[Tag]:
    return (tag for tag in tags if tag.gs1 and not tag.gs1.endswith(ANY_END))
