"""A value of an application identifier, and what must be right about it."""

import re
from typing import Final, NamedTuple

from schemas.gs1.check_digits import CHARACTERS_82
from schemas.gs1.dictionary import Ai, dictionary, unknown_ai
from schemas.gs1.linters import lint

_CHARACTERS: Final = {
    "N": re.compile(r"[0-9]*"),
    "X": re.compile(f"[{re.escape(CHARACTERS_82)}]*"),
    "Y": re.compile(r"[#\-/0-9A-Z]*"),
    "Z": re.compile(r"[-0-9A-Z_a-z]*=*"),
}


class Fault(NamedTuple):
    """Why a text is none of GS1: the AI at fault, empty where it is the whole, and what is wrong, in words."""

    ai: str
    message: str

    def __str__(self) -> str:
        return f"({self.ai}) {self.message}" if self.ai else self.message


class Element(NamedTuple):
    """An application identifier with its value."""

    ai: str
    value: str


def entry_of(ai: str, unknown: bool = False) -> Ai | None:
    """The dictionary's entry. :param unknown: AIs that it does not have count as well."""
    found = dictionary().get(ai)
    if found is not None or not unknown or not (ai.isascii() and ai.isdigit()):
        return found
    return unknown_ai(ai)


def value_fault(entry: Ai, value: str) -> Fault | None:
    """What is wrong with a value: its length, its characters, or what a linter finds."""
    if not entry.least <= len(value) <= entry.most:
        return Fault(entry.ai, f"has {len(value)} characters; {_lengths(entry)}")
    rest = value
    for part in entry.components:
        if not rest and part.optional:
            break
        piece, rest = rest[: part.most], rest[part.most :]
        if len(piece) < part.least:
            return Fault(entry.ai, f"ends within a part of {part.least} characters")
        if not _CHARACTERS[part.kind].fullmatch(piece):
            return Fault(entry.ai, "must be digits" if part.kind == "N" else "has a character that GS1 does not allow")
        for linter in part.linters:
            if fault := lint(linter, piece):
                return Fault(entry.ai, fault)
    return None


def read_bracketed(text: str, unknown: bool = False) -> tuple[Element, ...] | Fault:
    """The elements of a text with brackets, such as ``(01)09506000134352(10)ABC``.

    :param unknown: see :func:`entry_of`.
    """
    found: list[Element] = []
    for written in re.split(r"(?=\([0-9]{2,4}\))", text)[1:] if text.startswith("(") else ():
        ai, _, value = written[1:].partition(")")
        entry = entry_of(ai, unknown)
        if entry is None:
            return Fault(ai, "is no application identifier")
        if fault := value_fault(entry, value):
            return fault
        found.append(Element(ai, value))
    return tuple(found) or Fault("", "must begin with an application identifier in brackets")


def element_string(elements: tuple[Element, ...]) -> str:
    """The elements as a bar code carries them, with ``^`` for FNC1: at the start, and after each but fixed ones."""
    text, separated = "", False
    for ai, value in elements:
        entry = entry_of(ai)
        text += ("" if separated else "^") + ai + value
        separated = entry is not None and entry.fixed
    return text


def _lengths(entry: Ai) -> str:
    return f"it must have {entry.least}" + (f" to {entry.most}" if entry.most != entry.least else "")
