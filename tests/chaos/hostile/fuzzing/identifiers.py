"""Identifiers: any text has one normal form or is refused with a reason, and scrubbing leaves no address."""

from schemas.identifiers.normalise import EMAIL, InvalidIdentifier, normalise
from schemas.identifiers.pseudonyms import Pseudonyms
from schemas.identifiers.types import TYPES, strongest
from schemas.text import has_control_characters, without_edges

PSEUDONYMS = Pseudonyms(bytes(range(32)), "DE")
KINDS = (*TYPES, "badge")
WORDS = (
    "Ann@Corner.example", "+49 30 901820", "030/901820", "0151 23456789", "00:1B:44:11:3A:B7", "C-1042",
    "ＡＮＮ＠corner．example", "STRASSE@ß.example", "İ@dot.example", "a\u0345@b.example", "٠٣٠٩٠١٨٢٠", " a\u200b ", "",
)  # fmt: skip


def seeds() -> list[bytes]:
    """Every spelling as every type."""
    return [bytes([number]) + word.encode() for number in range(len(KINDS)) for word in WORDS]


def check(data: bytes) -> None:
    kind = KINDS[data[0] % len(KINDS)] if data else KINDS[0]
    text = data[1:].decode("utf-8", "ignore")
    try:
        normal = normalise(kind, text, "DE")
    except InvalidIdentifier as refused:
        assert "@" not in text or text not in str(refused), "a message never repeats the value"
    else:
        assert normalise(kind, normal, "DE") == normal, f"{kind}: {normal!r} is not its own normal form"
        assert normal and normal == without_edges(normal) and not has_control_characters(normal)
        hashed = PSEUDONYMS.identifier(kind, text)
        assert hashed == PSEUDONYMS.identifier(kind, f" {normal}\t") == strongest([hashed])
    scrubbed = PSEUDONYMS.scrub(text)
    left = [found for found in EMAIL.findall(scrubbed) if is_address(found)]
    assert not left, f"{left} is left of {text!r}"


def is_address(text: str) -> bool:
    """Whether it is an e-mail address to whoever reads identifiers."""
    try:
        return bool(normalise("email", text))
    except InvalidIdentifier:
        return False
