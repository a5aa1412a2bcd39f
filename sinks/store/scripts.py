"""The SQL files of the store, read and put in order: migrations by feature, views by subject.

``migrations/<feature>/NNNN_verb_object.sql`` makes or changes one object; each feature numbers its own. A feature that
needs the tables of another names it in a header (``-- After: touchpoints``), and all migrations of that one run first.
``views/<subject>/name.sql`` defines the view ``name``; views need no header of this kind, what they read decides.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

DATABASE = "footpath"
"""As the files name it; a store may have another name (FOOTPATH_CLICKHOUSE_DATABASE)."""
FOLDER = Path(__file__).parent
_PLACED = re.compile(r"[a-z_]+/\d{4}_[a-z0-9_]+\.sql")
_AFTER = re.compile(r"^After:\s+(.+)$", re.MULTILINE)
_REFERENCE = re.compile(rf"\b{DATABASE}\.(\w+)")
_CREATED = re.compile(
    rf"^CREATE (?:OR REPLACE )?(?:TABLE|MATERIALIZED VIEW|VIEW)(?: IF NOT EXISTS)? {DATABASE}\.(\w+)", re.M
)
_COMMENT = re.compile(r"^\s*--.*", re.MULTILINE)


class MigrationError(Exception):
    """The files are not usable or do not match the store; the message names the file."""


@dataclass(frozen=True, slots=True)
class Script:
    """One file: the name of its folder, its file name, and its text."""

    group: str
    name: str
    sql: str

    @property
    def path(self) -> str:
        """Folder and file name, as error messages and the steps of a migration show them."""
        return f"{self.group}/{self.name}"

    @property
    def number(self) -> int:
        """Number of a migration within its feature; 0 for a view."""
        return int(self.name[:4]) if self.name[:4].isdecimal() else 0

    @property
    def stem(self) -> str:
        """The file name without its suffix: of a view's file the view's name."""
        return self.name.removesuffix(".sql")

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, hex."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def header(self) -> str:
        """The comment at the top of the file, without its dashes."""
        lines = self.sql.split("\n\n", 1)[0].splitlines()
        return "\n".join(line.removeprefix("--").removeprefix(" ") for line in lines)

    @property
    def after(self) -> frozenset[str]:
        """The features that the header names."""
        return frozenset(name.strip() for line in _AFTER.findall(self.header) for name in line.split(","))

    @property
    def creates(self) -> frozenset[str]:
        """The objects that the file creates."""
        return frozenset(_CREATED.findall(self.sql))

    @property
    def reads(self) -> frozenset[str]:
        """The other objects that the statement names; comments do not count."""
        return frozenset(_REFERENCE.findall(_COMMENT.sub("", self.sql))) - self.creates


def migrations(folder: Path = FOLDER) -> list[Script]:
    """The migrations below ``folder/migrations`` in the order in which they run.

    :raises MigrationError: a wrong name, a number given twice, features that need each other, or a feature that uses a
        table of another one without naming it in a header.
    """
    features: dict[str, list[Script]] = {}
    for script in _read(folder / "migrations"):
        if not _PLACED.fullmatch(script.path):
            raise MigrationError(f"{script.path}: must be named <feature>/NNNN_verb_object.sql")
        earlier = features.setdefault(script.group, [])
        if earlier and earlier[-1].number == script.number:
            raise MigrationError(f"{script.path}: has the number of {earlier[-1].path}")
        earlier.append(script)
    _check_references(features)
    needed = {name: frozenset().union(*(script.after for script in scripts)) for name, scripts in features.items()}
    order = _ordered(needed, "features that come after each other in their headers")
    return [script for name in order for script in features[name]]


def views(folder: Path = FOLDER) -> list[Script]:
    """The views below ``folder/views``, each after those that it reads.

    :raises MigrationError: two files of one name, a file that does not define the view of its name, or a circle.
    """
    scripts: dict[str, Script] = {}
    for script in _read(folder / "views"):
        if script.stem in scripts:
            raise MigrationError(f"{script.path}: {scripts[script.stem].path} has the same name")
        if script.creates != {script.stem}:
            raise MigrationError(f"{script.path}: must say CREATE OR REPLACE VIEW {DATABASE}.{script.stem} AS")
        scripts[script.stem] = script
    order = _ordered(
        {name: script.reads & scripts.keys() for name, script in scripts.items()}, "views that read each other"
    )
    return [scripts[name] for name in order]


def build_render(database: str, scripts: Iterable[Script]) -> Callable[[str], str]:
    """A function that gives a statement of the files as it is in this database: only the names of objects change."""
    objects = "|".join(sorted({"migration"}.union(*(script.creates for script in scripts))))
    # A name that goes on with a hyphen is a topic's, in a comment.
    named = re.compile(rf"\b{DATABASE}\.(?=(?:{objects})\b(?!-))")
    return lambda sql: sql if database == DATABASE else named.sub(f"{database}.", sql)


def _read(folder: Path) -> Iterator[Script]:
    for path in sorted(folder.rglob("*.sql")):
        group = path.parent.relative_to(folder).as_posix()
        yield Script(group, path.name, path.read_text(encoding="utf-8"))


def _check_references(features: Mapping[str, Iterable[Script]]) -> None:
    owners = {table: name for name, scripts in features.items() for script in scripts for table in script.creates}
    for name, scripts in features.items():
        declared = {name}.union(*(script.after for script in scripts))
        for script in scripts:
            if unknown := sorted(script.after - features.keys()):
                raise MigrationError(f"{script.path}: comes after {unknown[0]}, which is no feature")
            for table in sorted(script.reads & owners.keys()):
                if owners[table] not in declared:
                    raise MigrationError(
                        f"{script.path}: uses {table}; add the header line '-- After:     {owners[table]}'"
                    )


def _ordered(needed: Mapping[str, Iterable[str]], what: str) -> list[str]:
    """Names after those that they need, otherwise in alphabetical order."""
    try:
        return [*TopologicalSorter({name: sorted(needed[name]) for name in sorted(needed)}).static_order()]
    except CycleError as error:
        raise MigrationError(f"{what}: {' → '.join(error.args[1])}") from None
