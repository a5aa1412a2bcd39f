"""Text as people and programs write it: what is invisible, and the one form of a name.

Invisible characters are those of Unicode's property Default_Ignorable_Code_Point (Unicode Standard, section 5.21) and
the blank of Braille. Joiners are among them and shape letters and emoji, so they count as letters inside of a text.
"""

import re
import unicodedata
from typing import Any, Final

JOINERS: Final = "\u200c\u200d"
BLANKS: Final = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)
"""White space, and the characters without a width that word processors put between words or at the start of a file."""
INVISIBLE: Final = "".join(
    map(
        chr,
        (
            *(0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0x200B, 0x2010)),
            *(*range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x2800, 0x3164, *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0),
            *(*range(0xFFF0, 0xFFFC), *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B), 0xE0001),
            *(*range(0xE0020, 0xE0080), *range(0xE0100, 0xE01F0)),
        ),
    )
)
_AROUND: Final = BLANKS + INVISIBLE + "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0))))
_INSIDE: Final = re.compile(f"[{re.escape(''.join(sorted(set(INVISIBLE) - set(JOINERS))))}]")
_JOINER: Final = re.compile(f"[{JOINERS}]")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
FIRST_STRONG_ISOLATE: Final = "\u2068"
POP_ISOLATE: Final = "\u2069"
"""Around a name within a text: its direction neither depends on what is around it nor changes that (UAX #9, 2.4)."""
_RIGHT_TO_LEFT: Final = re.compile(
    "[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
"""Blocks of scripts that run from right to left (Unicode, DerivedBidiClass), and their mark."""
_DIRECTION_CONTROLS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")


def name_form(text: str) -> str:
    """A sender's name for something (a store, a campaign, a SKU): in NFC, without blanks around it, else as it is."""
    return (text if text.isascii() else unicodedata.normalize("NFC", text)).strip(BLANKS)


def with_name_forms(node: Any) -> Any:
    """A value of JSON or YAML with every text in the form of names; names of members stay."""
    if isinstance(node, str):
        return name_form(node)
    if isinstance(node, dict):
        return {name: with_name_forms(value) for name, value in node.items()}
    return [with_name_forms(value) for value in node] if isinstance(node, list) else node


def without_edges(text: str) -> str:
    """The text without blanks, control characters and invisible characters around it."""
    return text.strip(_AROUND)


def visible(text: str) -> str:
    """The text without invisible characters; joiners stay between letters that they can shape."""
    if text.isascii():
        return text
    seen = _INSIDE.sub("", text)
    joined = _JOINER.sub("", seen)
    return joined if joined.isascii() else seen


def has_control_characters(text: str) -> bool:
    """Whether the text has C0 or C1 controls, such as NUL or a line break."""
    return not text.isprintable() and _CONTROL.search(text) is not None


def has_right_to_left(text: str) -> bool:
    """Whether the text has letters that run from right to left."""
    return not text.isascii() and _RIGHT_TO_LEFT.search(text) is not None


def has_directions(text: str) -> bool:
    """Whether parts of the text may run in different directions."""
    return has_right_to_left(text) or (not text.isascii() and _DIRECTION_CONTROLS.search(text) is not None)


def isolated(name: str) -> str:
    """A name as part of a text whose parts may run in different directions."""
    return f"{FIRST_STRONG_ISOLATE}{_DIRECTION_CONTROLS.sub('', name)}{POP_ISOLATE}"
