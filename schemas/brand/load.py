"""Reads a brand's YAML files. Every error names file, line and field, and all errors are reported at once."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec

from schemas.brand.checked import Checked, unwritable
from schemas.brand.item import Item, Within, mistakes
from schemas.brand.items import CLASSES, build_brand, version_of
from schemas.brand.model import SECTIONS, Brand, Section
from schemas.brand.suggestions import suggestion
from schemas.brand.yaml_file import MappingNode, Node, ScalarNode, SequenceNode, Unreadable, locate, parse, place, plain
from schemas.brand.yaml_place import descend, within
from schemas.process.collection import without_collection
from schemas.text import with_name_forms

BY_NAME = {section.name: section for section in SECTIONS}
_UNKNOWN_OR_MISSING = re.compile(r"Object (contains unknown|missing required) field `(.*)`", re.DOTALL)
_NO_CHOICE = re.compile(r"Invalid enum value '(.*)'", re.DOTALL)


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
    node: Node


def load(*places: Path, beside: Sequence[Path] = ()) -> Brand:
    """The brand that the YAML files in these folders (or these files) describe together.

    :param beside: files that belong to the place and not to the brand, such as a stack's own API key: their items are
        part of the brand, and its version does not depend on them.
    :raises BrandError: with every mistake found.
    """
    with without_collection():
        return _load(places, beside)


def _load(places: Sequence[Path], beside: Sequence[Path]) -> Brand:
    problems: list[Problem] = []
    read: list[_Read] = []
    for file in _files([*places, *beside], problems):
        read += _read_file(file, problems)
    problems += _duplicates(read)
    problems += [_problem(found, field, message) for found in read for field, message in unwritable(found.item)]
    abouts = [r for r in read if r.kind == "brand"]
    if len(abouts) != 1 and not problems:
        problems.append(Problem(places[0], 0, 0, "brand", f"there must be one brand section, found {len(abouts)}"))
    if problems:
        raise BrandError(problems)
    items = _by_kind(read)
    brand = build_brand(items, version_of(_by_kind([r for r in read if r.file not in beside])))
    checked = Checked(brand)
    problems = [problem for found in read for problem in _check(found, checked)]
    problems += [_problem(about, field, message) for about in abouts for field, message in checked.mistakes()]
    if problems:
        raise BrandError(problems)
    return brand


def _by_kind(read: Sequence[_Read]) -> dict[str, list[Item]]:
    items: dict[str, list[Item]] = {kind: [] for kind in CLASSES}
    for found in read:
        items[found.kind].append(found.item)
    return items


def _files(places: Sequence[Path], problems: list[Problem]) -> Iterator[Path]:
    for source in places:
        files = [source] if source.is_file() else sorted([*source.glob("*.yaml"), *source.glob("*.yml")])
        if not files:
            message = "has no .yaml file" if source.is_dir() else "no such file or folder"
            problems.append(Problem(source, 0, 0, "", message))
        yield from files


def _read_file(file: Path, problems: list[Problem]) -> Iterator[_Read]:
    try:
        document = parse(file.read_text(encoding="utf-8"))
    except Unreadable as error:
        problems.append(_unreadable(file, error))
        return
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode()
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        problems.append(Problem(file, line, column, "", f"is no UTF-8 at byte {error.start}"))
        return
    except OSError as error:
        problems.append(Problem(file, 0, 0, "", error.strerror or type(error).__name__))
        return
    if document is None:
        return
    if not isinstance(document, MappingNode):
        problems.append(Problem(file, 1, 1, "", f"must have sections: {', '.join(BY_NAME)}"))
        return
    named: set[str] = set()
    for key, node in document.value:
        name = key.value
        if not isinstance(key, ScalarNode):
            problems.append(Problem(file, *place(key), "YAML", "a key must be a text"))
            continue
        section = BY_NAME.get(name)
        if section is None:
            message = f"no such section{suggestion(name, BY_NAME)}"
            problems.append(Problem(file, *place(key), name, message))
        elif name in named:
            problems.append(Problem(file, *place(key), "YAML", f'found duplicate key "{name}"'))
        elif not section.single and _is_empty(node):
            named.add(name)
        elif not section.single and not isinstance(node, SequenceNode):
            problems.append(Problem(file, *place(key), name, "must be a list (each item begins with -)"))
        else:
            named.add(name)
            yield from _read_section(file, section, key, node, problems)


def _is_empty(node: Node) -> bool:
    return isinstance(node, ScalarNode) and not node.tag and not node.style and plain(node) is None


def _read_section(file: Path, section: Section, key: Node, node: Node, problems: list[Problem]) -> Iterator[_Read]:
    for index, one in enumerate([node] if section.single else node.value):
        try:
            yield _Read(section.kind, msgspec.convert(with_name_forms(plain(one)), section.item), file, one)
        except Unreadable as error:
            problems.append(_unreadable(file, error))
        except msgspec.ValidationError as error:
            field, message = _validation_error(error, section.item)
            where = section.name if section.single else f"{section.name}[{index}]"
            at = locate(one, _steps(field)) if isinstance(one, MappingNode) or not section.single else place(key)
            problems.append(Problem(file, *at, f"{where}.{field}".rstrip("."), message))


def _unreadable(file: Path, error: Unreadable) -> Problem:
    return Problem(file, error.line, error.column, "YAML", str(error))


def _validation_error(error: msgspec.ValidationError, item: type[Item]) -> tuple[str, str]:
    """The field at fault as a path, and what is wrong with it."""
    message, _, path = str(error).partition(" - at `$")
    path = path.rstrip("`").lstrip(".")
    if found := _UNKNOWN_OR_MISSING.fullmatch(message):
        known = _fields(item, path) if found[1] == "contains unknown" else ()
        message = f"no such field{suggestion(found[2], known)}" if known else "is missing"
        path = f"{path}.{found[2]}".lstrip(".")
    if found := _NO_CHOICE.fullmatch(message):
        message = f"invalid enum value {found[1]!r}{suggestion(found[1], _choices(item, path))}"
    return path, message[:1].lower() + message[1:]


def _choices(item: type[Item], path: str) -> list[str]:
    """What may stand at the path, where the model lists it."""
    return list(map(str, get_args(_hint(item, path))))


def _fields(item: type[Item], path: str) -> list[str]:
    """The fields of what stands at the path."""
    hint = _hint(item, path)
    found = hint if isinstance(hint, type) else next((one for one in get_args(hint) if isinstance(one, type)), item)
    return [field.encode_name for field in msgspec.structs.fields(found)]


def _hint(item: type[Item], path: str) -> Any:
    """The type of what stands at the path."""
    hint: Any = item
    for step in _steps(path):
        hint = get_args(hint)[0] if isinstance(step, int) else get_type_hints(hint)[step]
    return hint


def _steps(path: str) -> list[str | int]:
    return [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path)]


def _duplicates(read: Sequence[_Read]) -> Iterator[Problem]:
    seen: dict[tuple[str, str], _Read] = {}
    for found in read:
        first = seen.setdefault((found.kind, found.item.id), found)
        if first is not found:
            yield _problem(found, "id", f"{found.kind} {found.item.id!r} is already in {first.file.name}")


def _problem(found: _Read, field: str, message: str) -> Problem:
    where = f"{found.kind} {found.item.id}.{field}".rstrip(".")
    return Problem(found.file, *_position(found, field), where, message)


def _position(found: _Read, field: str) -> tuple[int, int]:
    """Where a field stands; what is wrong within a text, where that is."""
    if isinstance(field, Within) and (node := descend(found.node, _steps(field))) is not None:
        return within(node, field.offset, found.file.read_text(encoding="utf-8").splitlines())
    return locate(found.node, _steps(field))


def _check(found: _Read, brand: Checked) -> Iterator[Problem]:
    """What types alone cannot say: references, places, hours, addresses."""
    for field, message in mistakes(found.item, brand):
        yield _problem(found, field, message)
