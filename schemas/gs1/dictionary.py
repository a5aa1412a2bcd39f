"""The GS1 syntax dictionary (data/): each application identifier with its components, its qualifiers as a key of a
Digital Link, and whether it may stand in the query of one."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import combinations
from typing import Final, NamedTuple

MAX_VALUE_CHARS: Final = 90
"""Of an AI that the dictionary does not know."""
_COMPONENT: Final = re.compile(r"(\[)?([NXYZ])(\.\.)?([0-9]+)\]?((?:,[a-z0-9]+)*)\]?((?:,[a-z0-9]+)*)")
_LINE: Final = re.compile(r"(?P<first>[0-9]{2,4})(?:-(?P<last>[0-9]{2,4}))?\s+(?P<flags>[^\sNXYZ\[]*)\s*(?P<rest>.*)")


class Component(NamedTuple):
    """A part of a value: its characters (N, X, Y or Z), from ``least`` to ``most`` of them, and its linters."""

    kind: str
    least: int
    most: int
    optional: bool
    linters: tuple[str, ...]


class Ai(NamedTuple):
    """An application identifier. ``fixed`` ones need no separator after them; ``attribute`` ones may stand in a query;
    ``is_key`` ones begin a Digital Link, followed by one of ``paths``: each its qualifiers in order.
    """

    ai: str
    title: str
    fixed: bool
    attribute: bool
    components: tuple[Component, ...]
    is_key: bool
    paths: tuple[tuple[str, ...], ...]

    @property
    def least(self) -> int:
        """The fewest characters of a value."""
        return sum(part.least for part in self.components if not part.optional)

    @property
    def most(self) -> int:
        """The most characters of a value."""
        return sum(part.most for part in self.components)


@cache
def dictionary() -> Mapping[str, Ai]:
    """Every AI of the dictionary by its digits: read once, some milliseconds."""
    text = (files("schemas.gs1") / "data" / "gs1-syntax-dictionary.txt").read_text("utf-8")
    return {ai.ai: ai for line in text.splitlines() if line and not line.startswith("#") for ai in _read(line)}


@cache
def primary_keys() -> tuple[str, ...]:
    """The AIs that begin a Digital Link."""
    return tuple(ai.ai for ai in dictionary().values() if ai.is_key)


def unknown_ai(ai: str) -> Ai | None:
    """An AI that the dictionary does not know, as one of any value; None where its digits cannot be one: those that
    begin alike have the same length."""
    if not 2 <= len(ai) <= 4 or any(len(known) != len(ai) for known in dictionary() if known[:2] == ai[:2]):
        return None
    anything = Component("X", 1, MAX_VALUE_CHARS, False, ())
    return Ai(ai, "", fixed=False, attribute=False, components=(anything,), is_key=False, paths=())


def _read(line: str) -> Iterator[Ai]:
    written, _, title = line.partition("#")
    found = _LINE.fullmatch(written.strip())
    assert found is not None, f"no entry of the dictionary: {line}"
    parts = found["rest"].split()
    components = tuple(filter(None, map(_component, parts)))
    keys = [part for part in parts[len(components) :] if part == "dlpkey" or part.startswith("dlpkey=")]
    paths: list[tuple[str, ...]] = []
    for key in keys:
        paths.append(())
        for alternative in key.removeprefix("dlpkey").removeprefix("=").split("|"):
            qualifiers = alternative.split(",") if alternative else []
            paths.extend(chosen for size in range(len(qualifiers) + 1) for chosen in combinations(qualifiers, size))
    for number in range(int(found["first"]), int(found["last"] or found["first"]) + 1):
        yield Ai(
            ai=str(number).zfill(len(found["first"])),
            title=title.strip(),
            fixed="*" in found["flags"],
            attribute="?" in found["flags"],
            components=components,
            is_key=bool(keys),
            paths=tuple(dict.fromkeys(paths)),
        )


def _component(text: str) -> Component | None:
    found = _COMPONENT.fullmatch(text)
    if found is None:
        return None
    optional, kind, upto, size, inner, outer = found.groups()
    linters = tuple(filter(None, (inner + outer).split(",")))
    return Component(kind, 1 if upto else int(size), int(size), bool(optional), linters)
