"""Reads a brand's YAML files. Every error names file, line and field, and all of them are told at once."""
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from opening_hours import OpeningHours, ParserError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from schemas import kinds
from schemas.brand.items import CLASSES, build_brand
from schemas.brand.model import About, ApiKey, Brand, Item, Reward, Route, Store, Tag, is_registered

SECTIONS = {"brand": "brand", "stores": "store", "products": "product", "tags": "tag", "routes": "route",
            "rewards": "reward", "api_keys": "api_key"}
PLACEHOLDERS = frozenset({"tag", "store", "store_name", "product", "product_name", "campaign", "stock"})


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake, with where it stands (lines and columns from 1)."""

    file: Path
    line: int
    column: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.field}: {self.message}"


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
        problems.append(Problem(places[0], 1, 1, "brand", f"there must be one brand section, found {len(abouts)}"))
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
            problems.append(Problem(place, 1, 1, "brand", "no such folder, or no .yaml file in it"))
        yield from files


def _read_file(file: Path, problems: list[Problem]) -> Iterator[_Read]:
    try:
        document = YAML(typ="rt").load(file.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problems.append(Problem(file, line, column, "YAML", error.problem or "cannot be read"))
        return
    except (OSError, UnicodeDecodeError) as error:
        problems.append(Problem(file, 1, 1, "file", str(error)))
        return
    if document is None:
        return
    if not hasattr(document, "lc") or not isinstance(document, dict):
        problems.append(Problem(file, 1, 1, "file", f"must have sections: {', '.join(SECTIONS)}"))
        return
    for section, node in document.items():
        line, column = _position(document, section)
        kind = SECTIONS.get(section)
        if kind is None:
            problems.append(Problem(file, line, column, str(section), f"no such section; there are {', '.join(SECTIONS)}"))
            continue
        nodes = [node] if kind == "brand" else node
        if not isinstance(nodes, list):
            problems.append(Problem(file, line, column, str(section), "must be a list"))
            continue
        for index, one in enumerate(nodes):
            where = section if kind == "brand" else f"{section}[{index}]"
            try:
                yield _Read(kind, msgspec.convert(one, CLASSES[kind]), file, one)
            except msgspec.ValidationError as error:
                message, _, path = str(error).partition(" - at `")
                field = path.rstrip("`").removeprefix("$").removeprefix(".")
                line, column = _locate(one, field) or (line, column)
                problems.append(Problem(file, line, column, f"{where}.{field}".rstrip("."), message))


def _position(node: Any, key: Any) -> tuple[int, int]:
    line, column = node.lc.key(key) if isinstance(node, dict) else node.lc.item(key)
    return line + 1, column + 1


def _locate(node: Any, path: str) -> tuple[int, int] | None:
    """Line and column of a msgspec path such as ``when.types[0]``; of the nearest parent that has one."""
    position = (node.lc.line + 1, node.lc.col + 1) if hasattr(node, "lc") else None
    for step in path.replace("[", ".").replace("]", "").split("."):
        key: Any = int(step) if step.isdigit() else step
        try:
            position, node = _position(node, key), node[key]
        except (KeyError, IndexError, TypeError, AttributeError):
            break
    return position


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
    for field, message in _mistakes(found.item, brand):
        yield _problem(found, field, message)


def _mistakes(item: Item, brand: Brand) -> Iterator[tuple[str, str]]:
    if not item.id or len(item.id) > 100 or not all(c.isalnum() or c in "-_." for c in item.id):
        yield "id", "must be 1 to 100 letters, digits, '-', '_' or '.'"
    match item:
        case About():
            yield from _about(item)
        case Store():
            yield from _store(item)
        case Tag():
            yield from _refers("store", item.store, brand.stores)
            yield from _refers("product", item.product, brand.products)
            yield from _address("fallback", item.fallback or brand.about.fallback, brand)
        case Route():
            yield from _route(item, brand)
        case Reward():
            yield from _unknown_types("on", item.on)
            if item.points < 0 or item.points_per_unit < 0 or not item.points + item.points_per_unit:
                yield "points", "a reward needs points or points_per_unit above zero"
            if item.points_per_unit and not set(item.on) <= kinds.MONEY - {kinds.RETURN}:
                yield "points_per_unit", "only a sale has an amount"
        case ApiKey():
            if not item.hash.startswith("sha256:") or len(item.hash) != 71:
                yield "hash", "must be sha256: and the 64 hex digits of the key's SHA-256"
            for scope in item.scopes:
                if scope not in kinds.SCOPES:
                    yield "scopes", f"no scope {scope!r}; there are {', '.join(kinds.SCOPES)}"


def _about(about: About) -> Iterator[tuple[str, str]]:
    if len(about.currency) != 3 or not about.currency.isupper():
        yield "currency", "must be an ISO 4217 code such as EUR"
    if len(about.country) != 2 or not about.country.isupper():
        yield "country", "must be an ISO 3166 code such as DE"
    if not is_registered(about.fallback, about.destinations):
        yield "fallback", f"{about.fallback} is under none of the brand's destinations"
    yield from _unknown_types("touch_types", about.touch_types)


def _store(store: Store) -> Iterator[tuple[str, str]]:
    try:
        ZoneInfo(store.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield "time_zone", f"no time zone {store.time_zone!r}; see the IANA names, e.g. Europe/Berlin"
    try:
        OpeningHours(store.hours)
    except ParserError as error:
        yield "hours", f"not in the opening_hours syntax: {str(error).splitlines()[-1].strip(' =')}"


def _route(route: Route, brand: Brand) -> Iterator[tuple[str, str]]:
    yield from _unknown_types("when.types", route.when.types)
    for store in route.when.stores:
        yield from _refers("when.stores", store, brand.stores)
    for tag in route.when.tags:
        yield from _refers("when.tags", tag, brand.tags)
    for field in ("url", "title", "text", "label"):
        for name in _placeholders(getattr(route.action, field)):
            if name not in PLACEHOLDERS:
                yield f"action.{field}", f"no {{{name}}}; there are {', '.join(sorted(PLACEHOLDERS))}"
    yield from _address("action.url", route.action.url, brand)
    if route.action.kind == "page" and not (route.action.title and route.action.label):
        yield "action.title", "a page needs a title and a label"


def _placeholders(text: str) -> Iterator[str]:
    try:
        yield from (name for _, name, _, _ in string.Formatter().parse(text) if name is not None)
    except ValueError:
        yield text


def _address(field: str, url: str, brand: Brand) -> Iterator[tuple[str, str]]:
    if not is_registered(url, brand.about.destinations):
        yield field, f"{url} is under none of the brand's destinations"


def _refers(field: str, name: str, known: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if name and name not in known:
        yield field, f"{name!r} is not in the configuration"


def _unknown_types(field: str, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        if name not in kinds.TYPES:
            yield field, f"no kind of touchpoint is called {name!r}"
