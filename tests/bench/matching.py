"""Soft links on FEBRL's people: Footpath with encoded and with plain fields beside splink and recordlinkage; scoring.

All train without labels. Footpath and splink link from a match probability of 0.99, recordlinkage's ECM classifier with
its defaults. Clusters are connected components of links, as in the view ``person_likely``. Each has its own blocking
rules, which limit its recall.
"""

import json
import os
import subprocess
import sys
import time
import venv
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from itertools import starmap
from pathlib import Path

import jellyfish

from schemas.matching.encoding import exact, normalise, positional_digits
from schemas.matching.model import LEVELS, LIKELY, MISSING, probability, score
from schemas.matching.traits import CONTACT, FIELDS, Traits, encode_traits
from sinks.analysis.matching.fit import fit
from sinks.analysis.matching.pairs import blocked_pairs, random_pairs
from sinks.analysis.matching.train import RANDOM_PAIRS, SEED, train
from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure
from tests.bench.process import NotMeasured
from tests.support import febrl

KEY = b"a key of the bench"
LEAST_F1 = {"dataset3": 0.98, "dataset4": 0.985}
LEAST_PRECISION = 0.998
BASELINES = Path(__file__).parent / "baselines"
SIMILARITIES = (0.7, 0.8, 0.86, 0.92, 1.0)
"""Least Jaro-Winkler similarity of each level for plain text, ascending; for digits the edit distance is the level."""
RECORDLINKAGE = ("recordlinkage==0.16", "pandas==2.3.3", "numpy==2.4.6", "scikit-learn==1.9.1", "jellyfish==1.3.0")

Pairs = set[febrl.Pair]


def measure(environment: BenchEnvironment) -> list[Figure]:
    figures: list[Figure] = []
    scored_per_s: list[float] = []
    for dataset, least in LEAST_F1.items():
        records = febrl.records(dataset)
        true = febrl.truth(records)
        environment.progress(f"{dataset}: {len(records):,} records, {len(true):,} pairs of one person")
        traits = _encoded(records)
        candidates = blocked_pairs(traits)
        found, rates = _link(traits, candidates, environment.rounds)
        scored_per_s += rates
        figures += _figures(f"{dataset}, encoded", len(records), found, true, least)
        figures += _figures(f"  {dataset}, plain fields", len(records), _link_plain_fields(records, candidates), true)
        without = _encoded(records, leave_out="national_id")
        found, _ = _link(without, blocked_pairs(without), rounds=1)
        figures += _figures(f"  {dataset}, encoded, without the national id", len(records), found, true)
        block_recall = febrl.quality(candidates, true).recall
        figures.append(Figure(f"  {dataset}, pairs that share a block", "of all", [block_recall]))
        splink = [sys.executable, "-m", "tests.bench.baselines.matching_splink", dataset, str(LIKELY)]
        figures += _figures(f"  {dataset}, splink", len(records), _run_peer(splink), true)
        ecm = [str(_recordlinkage_python()), str(BASELINES / "matching_recordlinkage.py"), dataset]
        figures += _figures(f"  {dataset}, recordlinkage", len(records), _run_peer(ecm), true)
    return [*figures, Figure("pairs of encoded contacts scored, one core", "pairs/s", scored_per_s)]


def _encoded(records: list[febrl.Record], leave_out: str = "") -> list[Traits]:
    used = ({name: text for name, text in record.properties.items() if name != leave_out} for record in records)
    return [traits for properties in used if (traits := encode_traits(properties, KEY)) is not None]


def _quality(found: febrl.Quality) -> str:
    return f"F1 {found.f1:.4f}, precision {found.precision:.4f}, recall {found.recall:.4f}"


def _figures(work: str, count: int, links: Pairs, true: Pairs, least: float | None = None) -> list[Figure]:
    linked, clustered = febrl.quality(links, true), febrl.quality(febrl.clustered(count, links), true)
    note = f"{_quality(clustered)}; links before clustering: {_quality(linked)}"
    return [
        Figure(f"{work}, clusters", "F1", [clustered.f1], at_least=least, note=note),
        Figure(f"{work}, clusters", "precision", [clustered.precision], at_least=LEAST_PRECISION if least else None),
    ]


def _link(traits: list[Traits], candidates: Pairs, rounds: int) -> tuple[Pairs, list[float]]:
    """The links of a model trained on these records, and pairs per second of each round."""
    model = train(traits)
    rates, links = [], set()
    for _ in range(rounds):
        began = time.perf_counter()
        links = {(a, b) for a, b in candidates if score(traits[a], traits[b], model).probability >= LIKELY}
        rates.append(len(candidates) / (time.perf_counter() - began))
    return links, rates


def _link_plain_fields(records: list[febrl.Record], candidates: Pairs) -> Pairs:
    """The links of the same training on the same candidates with plain text fields."""
    texts = [{name: normalise(text) for name, text in record.properties.items()} for record in records]

    def patterns(pairs: Iterable[febrl.Pair]) -> dict[febrl.Pair, tuple[int, ...]]:
        return {(a, b): _compare(texts[a], texts[b]) for a, b in pairs}

    blocked = patterns(candidates)
    random = patterns(random_pairs(RANDOM_PAIRS, len(records), SEED))
    fitted = fit(Counter(blocked.values()), Counter(random.values()), len(records) * (len(records) - 1) // 2)

    def weight(levels: tuple[int, ...]) -> float:
        present = ((field, level) for field, level in enumerate(levels) if level != MISSING)
        return float(fitted.prior + sum(starmap(lambda field, level: fitted.bits[field, level], present)))

    return {pair for pair, levels in blocked.items() if probability(weight(levels)) >= LIKELY}


def _compare(one: dict[str, str], other: dict[str, str]) -> tuple[int, ...]:
    given, family = "given_name", "family_name"
    same_order = sum(_similar(one.get(name, ""), other.get(name, "")) for name in (given, family))
    swapped = _similar(one.get(given, ""), other.get(family, "")) + _similar(one.get(family, ""), other.get(given, ""))
    if swapped > same_order:
        one = one | {given: one.get(family, ""), family: one.get(given, "")}
    return tuple(_level(field, one.get(field, ""), other.get(field, "")) for field in FIELDS[CONTACT])


def _similar(one: str, other: str) -> float:
    return jellyfish.jaro_winkler_similarity(one, other) if one and other else 0.0


def _level(field: str, one: str, other: str) -> int:
    if not one or not other:
        return MISSING
    if FIELDS[CONTACT][field] is exact:
        return 0 if one == other else len(LEVELS) - 1
    if FIELDS[CONTACT][field] is positional_digits:
        return min(jellyfish.damerau_levenshtein_distance(one, other), len(LEVELS) - 1)
    return len(SIMILARITIES) - bisect_right(SIMILARITIES, _similar(one, other))


def _run_peer(command: list[str]) -> Pairs:
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode:
        raise NotMeasured(f"{' '.join(command)} failed: {ended.stderr.strip().splitlines()[-1:]}")
    return {(one, other) for one, other in json.loads(ended.stdout)}


def _recordlinkage_python() -> Path:
    """The Python of a virtual environment for recordlinkage, which needs an older pandas than the ClickHouse client."""
    folder = Path(os.environ.get("FOOTPATH_CACHE") or "~/.cache/footpath").expanduser() / "recordlinkage"
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *RECORDLINKAGE], check=True)
        (folder / "installed").touch()
    return python
