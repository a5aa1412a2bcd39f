"""Reads a brand's YAML files. Every error names file, line and field, and all of them are told at once."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.constructor import RoundTripConstructor, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from schemas.brand.check import mistakes
from schemas.brand.items import CLASSES, build_brand
from schemas.brand.model import Brand, Item

SECTIONS = {
    "brand": "brand",
    "stores": "store",
    "products": "product",
    "tags": "tag",
    "routes": "route",
    "rewards": "reward",
    "api_keys": "api_key",
    "likeness": "likeness",
}
_UNKNOWN_OR_MISSING = re.compile(r"Object (contains unknown|missing required) field `(.*)`", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake, with where it stands: lines and columns from 1, or 0 when it is about the file as a whole."""

    file: Path
    line: int
    column: int
    field: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else str(self.file)
        return ": ".join(filter(None, (place, self.field, self.message)))


class BrandError(Exception):
    """The configuration cannot be used; ``problems`` lists every mistake found, and the text has one a line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class _Read:
    kind: str
    item: Item
    file: Path
    node: Any


def load(*places: Path) -> Brand:
    """The brand that the YAML files in these folders (or these files) describe together.

    :raises BrandError: with every mistake found.
    """
    problems: list[Problem] = []
    read: list[_Read] = []
    for file in _files(places, problems):
        for found in _read_file(file, problems):
            read.append(found)
    problems += _duplicates(read)
    abouts = [r for r in read if r.kind == "brand"]
    if len(abouts) != 1 and not problems:
        problems.append(Problem(places[0], 0, 0, "brand", f"there must be one brand section, found {len(abouts)}"))
    if problems:
        raise BrandError(problems)
    items: dict[str, list[Item]] = {kind: [r.item for r in read if r.kind == kind] for kind in CLASSES}
    brand = build_brand(items)
    problems = [problem for found in read for problem in _check(found, brand)]
    if problems:
        raise BrandError(problems)
    return brand


def _files(places: Sequence[Path], problems: list[Problem]) -> Iterator[Path]:
    for place in places:
        files = [place] if place.is_file() else sorted([*place.glob("*.yaml"), *place.glob("*.yml")])
        if not files:
            message = "has no .yaml file" if place.is_dir() else "no such file or folder"
            problems.append(Problem(place, 0, 0, "", message))
        yield from files


class _Constructor(RoundTripConstructor):
    """Numbers with a fraction as plain ones, which is what msgspec takes; nothing is written back."""


_Constructor.add_constructor("tag:yaml.org,2002:float", SafeConstructor.construct_yaml_float)


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.Constructor = _Constructor
    return yaml


def _read_file(file: Path, problems: list[Problem]) -> Iterator[_Read]:
    try:
        document = _yaml().load(file.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problems.append(Problem(file, line, column, "YAML", error.problem or "cannot be read"))
        return
    except UnicodeDecodeError as error:
        problems.append(Problem(file, 0, 0, "", f"is no UTF-8 at byte {error.start}"))
        return
    except (OSError, YAMLError) as error:
        problems.append(Problem(file, 0, 0, "", getattr(error, "strerror", None) or " ".join(str(error).split())))
        return
    if document is None:
        return
    if not isinstance(document, CommentedMap):
        problems.append(Problem(file, 1, 1, "", f"must have sections: {', '.join(SECTIONS)}"))
        return
    for section, node in document.items():
        line, column = _position(document, section)
        kind = SECTIONS.get(section)
        if kind is None:
            problems.append(
                Problem(file, line, column, str(section), f"no such section; there are {', '.join(SECTIONS)}")
            )
            continue
        nodes = [node] if kind == "brand" else node
        if not isinstance(nodes, list):
            problems.append(Problem(file, line, column, str(section), "must be a list (each item begins with -)"))
            continue
        for index, one in enumerate(nodes):
            where = section if kind == "brand" else f"{section}[{index}]"
            try:
                yield _Read(kind, msgspec.convert(one, CLASSES[kind]), file, one)
            except msgspec.ValidationError as error:
                field, message = _complaint(error, CLASSES[kind])
                at = _locate(one, field) or ((line, column) if one is node else _position(node, index))
                problems.append(Problem(file, *at, f"{where}.{field}".rstrip("."), message))


def _complaint(error: msgspec.ValidationError, item: type[Item]) -> tuple[str, str]:
    """The field at fault as a path, and what is wrong with it."""
    message, _, path = str(error).partition(" - at `$")
    path = path.rstrip("`").lstrip(".")
    if found := _UNKNOWN_OR_MISSING.fullmatch(message):
        message = "no such field" if found[1] == "contains unknown" else "is missing"
        path = f"{path}.{found[2]}".lstrip(".")
    if message.startswith("Invalid enum value"):
        message += f"; there are {', '.join(_choices(item, path))}"
    return path, message[:1].lower() + message[1:]


def _choices(item: type[Item], path: str) -> Iterator[str]:
    """What may stand at the path, where the model lists it."""
    hint: Any = item
    for step in _steps(path):
        hint = get_args(hint)[0] if isinstance(step, int) else get_type_hints(hint)[step]
    yield from map(str, get_args(hint))


def _position(node: Any, key: Any) -> tuple[int, int]:
    line, column = node.lc.key(key) if isinstance(node, CommentedMap) else node.lc.item(key)
    return line + 1, column + 1


def _locate(node: Any, path: str) -> tuple[int, int] | None:
    """Line and column of a msgspec path such as ``when.types[0]``; of the nearest parent that has one."""
    position = (node.lc.line + 1, node.lc.col + 1) if hasattr(node, "lc") else None
    for key in _steps(path):
        try:
            position, node = _position(node, key), node[key]
        except (KeyError, IndexError, TypeError, AttributeError):
            break
    return position


def _steps(path: str) -> list[str | int]:
    return [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path)]


def _duplicates(read: Sequence[_Read]) -> Iterator[Problem]:
    seen: dict[tuple[str, str], _Read] = {}
    for found in read:
        first = seen.setdefault((found.kind, found.item.id), found)
        if first is not found:
            yield _problem(found, "id", f"{found.kind} {found.item.id!r} is already in {first.file.name}")


def _problem(found: _Read, field: str, message: str) -> Problem:
    line, column = _locate(found.node, field) or (1, 1)
    return Problem(found.file, line, column, f"{found.kind} {found.item.id}.{field}", message)


def _check(found: _Read, brand: Brand) -> Iterator[Problem]:
    """What types alone cannot say: references, places, hours, addresses."""
    for field, message in mistakes(found.item, brand):
        yield _problem(found, field, message)
