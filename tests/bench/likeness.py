"""Soft links on FEBRL's people: ours with encoded and with plain fields beside splink and recordlinkage; scoring.

Nobody is told who is who. Ours and splink tell a link from a match probability of 0.99, recordlinkage's ECM classifier
as it comes. A cluster is what links reach (connected components), as ``person_likely`` has it. Each has blocks of its
own, which bound what it can find.
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

from schemas.likeness.encoding import places_of_digits, plain, whole
from schemas.likeness.model import LEVELS, LIKELY, MISSING, probability, score
from schemas.likeness.traits import CONTACT, FIELDS, Traits, encode_traits
from sinks.analysis.likeness.fit import fit
from sinks.analysis.likeness.pairs import blocked, by_chance
from sinks.analysis.likeness.train import BY_CHANCE, SEED, train
from tests import febrl
from tests.bench.figures import Figure
from tests.bench.ground import Ground, NotMeasured

KEY = b"a key of the bench"
LEAST = {"dataset3": 0.98, "dataset4": 0.985}
PRECISE = 0.998
CONTENDERS = Path(__file__).parent / "contenders"
ALIKE = (0.7, 0.8, 0.86, 0.92, 1.0)
"""Least Jaro-Winkler similarity of the levels of plain text, rising; of codes the edit distance counts."""
PEER = ("recordlinkage==0.16", "pandas==2.3.3", "numpy==2.4.6", "scikit-learn==1.9.1", "jellyfish==1.3.0")

Pairs = set[febrl.Pair]


def measure(ground: Ground) -> list[Figure]:
    figures: list[Figure] = []
    paces: list[float] = []
    for dataset, least in LEAST.items():
        records = febrl.records(dataset)
        true = febrl.truth(records)
        ground.say(f"{dataset}: {len(records):,} records, {len(true):,} pairs of one person")
        traits = _encoded(records)
        candidates = blocked(traits)
        found, rates = _ours(traits, candidates, ground.rounds)
        paces += rates
        figures += _figures(f"{dataset}, encoded", len(records), found, true, least)
        figures += _figures(f"  {dataset}, plain fields", len(records), _plain(records, candidates), true)
        without = _encoded(records, leave_out="national_id")
        found, _ = _ours(without, blocked(without), rounds=1)
        figures += _figures(f"  {dataset}, encoded, without the national id", len(records), found, true)
        sharing = febrl.quality(candidates, true).recall
        figures.append(Figure(f"  {dataset}, pairs that share a block", "of all", [sharing]))
        splink = [sys.executable, "-m", "tests.bench.contenders.likeness_splink", dataset, str(LIKELY)]
        figures += _figures(f"  {dataset}, splink", len(records), _peer(splink), true)
        ecm = [str(_environment()), str(CONTENDERS / "likeness_recordlinkage.py"), dataset]
        figures += _figures(f"  {dataset}, recordlinkage", len(records), _peer(ecm), true)
    return [*figures, Figure("pairs of encoded contacts scored, one core", "pairs/s", paces)]


def _encoded(records: list[febrl.Record], leave_out: str = "") -> list[Traits]:
    told = ({name: text for name, text in record.properties.items() if name != leave_out} for record in records)
    return [traits for properties in told if (traits := encode_traits(properties, KEY)) is not None]


def _four(found: febrl.Quality) -> str:
    return f"F1 {found.f1:.4f}, precision {found.precision:.4f}, recall {found.recall:.4f}"


def _figures(work: str, count: int, links: Pairs, true: Pairs, least: float | None = None) -> list[Figure]:
    told, joined = febrl.quality(links, true), febrl.quality(febrl.clustered(count, links), true)
    note = f"{_four(joined)}; links before they are clustered: {_four(told)}"
    return [
        Figure(f"{work}, clusters", "F1", [joined.f1], at_least=least, note=note),
        Figure(f"{work}, clusters", "precision", [joined.precision], at_least=PRECISE if least else None),
    ]


def _ours(traits: list[Traits], candidates: Pairs, rounds: int) -> tuple[Pairs, list[float]]:
    """The links of a model trained on these records, and pairs a second of each round."""
    model = train(traits)
    rates, links = [], set()
    for _ in range(rounds):
        began = time.perf_counter()
        links = {(a, b) for a, b in candidates if score(traits[a], traits[b], model).probability >= LIKELY}
        rates.append(len(candidates) / (time.perf_counter() - began))
    return links, rates


def _plain(records: list[febrl.Record], candidates: Pairs) -> Pairs:
    """The same candidates and training with the fields as they were told."""
    texts = [{name: plain(text) for name, text in record.properties.items()} for record in records]

    def patterns(pairs: Iterable[febrl.Pair]) -> dict[febrl.Pair, tuple[int, ...]]:
        return {(a, b): _compare(texts[a], texts[b]) for a, b in pairs}

    close = patterns(candidates)
    chance = patterns(by_chance(BY_CHANCE, len(records), SEED))
    fitted = fit(Counter(close.values()), Counter(chance.values()), len(records) * (len(records) - 1) // 2)

    def weighs(levels: tuple[int, ...]) -> float:
        told = ((field, level) for field, level in enumerate(levels) if level != MISSING)
        return float(fitted.prior + sum(starmap(lambda field, level: fitted.bits[field, level], told)))

    return {pair for pair, levels in close.items() if probability(weighs(levels)) >= LIKELY}


def _compare(one: dict[str, str], other: dict[str, str]) -> tuple[int, ...]:
    given, family = "given_name", "family_name"
    straight = sum(_similar(one.get(name, ""), other.get(name, "")) for name in (given, family))
    crossed = _similar(one.get(given, ""), other.get(family, "")) + _similar(one.get(family, ""), other.get(given, ""))
    if crossed > straight:
        one = one | {given: one.get(family, ""), family: one.get(given, "")}
    return tuple(_level(field, one.get(field, ""), other.get(field, "")) for field in FIELDS[CONTACT])


def _similar(one: str, other: str) -> float:
    return jellyfish.jaro_winkler_similarity(one, other) if one and other else 0.0


def _level(field: str, one: str, other: str) -> int:
    if not one or not other:
        return MISSING
    if FIELDS[CONTACT][field] is whole:
        return 0 if one == other else len(LEVELS) - 1
    if FIELDS[CONTACT][field] is places_of_digits:
        return min(jellyfish.damerau_levenshtein_distance(one, other), len(LEVELS) - 1)
    return len(ALIKE) - bisect_right(ALIKE, _similar(one, other))


def _peer(command: list[str]) -> Pairs:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise NotMeasured(f"{' '.join(command)} failed: {done.stderr.strip().splitlines()[-1:]}")
    return {(one, other) for one, other in json.loads(done.stdout)}


def _environment() -> Path:
    """The Python that recordlinkage runs in: it needs pandas before 3, and that of ClickHouse is later."""
    folder = Path(os.environ.get("FOOTPATH_CACHE") or "~/.cache/footpath").expanduser() / "recordlinkage"
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PEER], check=True)
        (folder / "installed").touch()
    return python
