"""A chain of 250 shops, 50,000 tags and 2,000 routes: the start, one change, restarts, memory.

The fold is held against decoding the same records, which it cannot do without, and against itself with a tenth of the
tags: what takes more than ten times the time is not linear. A restart counts from the signal until a scan is decided.
"""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from deploy.local.settings import DEMO_BRAND
from schemas.brand.fold import BrandFold
from schemas.brand.items import CLASSES, Manifest, events_of
from schemas.brand.load import load
from schemas.codec.avro import Codec
from schemas.events import BrandConfigured
from schemas.topics import BRAND_CONFIGURED
from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure
from tests.support.full_stack import FullStack, wait_until
from tests.support.large_brand import write_large_brand

START_TIMEOUT_S = 600
FIRST, AGAIN = "ready after footpath up, on an empty directory", "ready after footpath up, second time"
KEEP, CHANGE = "brand apply without a change", "brand apply with one change"
WORKER, GATEWAY = "a worker's restart until a scan is decided", "a gateway's restart until a scan is decided"
TARGETS = {FIRST: 20.0, AGAIN: 20.0, KEEP: 5.0, CHANGE: 5.0, WORKER: 3.0, GATEWAY: 3.0}
"""What is measured, and the most seconds that it may take with the large brand."""


def measure(environment: BenchEnvironment) -> list[Figure]:
    tags, routes = environment.size(50_000, 2_000), environment.size(2_000, 200)
    folder = write_large_brand(environment.new_folder("brand"), tags=tags, routes=routes)
    small = write_large_brand(environment.new_folder("small"), tags=tags // 10, routes=routes // 10)
    environment.progress(f"folding {tags:,} tags")
    return [*_fold_figures(environment, folder, small), *_stack_figures(environment, folder, f"{tags:,} tags")]


def _fold_figures(environment: BenchEnvironment, folder: Path, small: Path) -> list[Figure]:
    large, tenth = _records(folder), _records(small)
    decoded, folded, folded_tenth = [], [], []
    for _ in range(environment.rounds):
        decoded.append(_seconds(_decode, large))
        folded.append(_seconds(_fold, large))
        folded_tenth.append(_seconds(_fold, tenth) * len(large) / len(tenth))
    against_decoding = [one / other for one, other in zip(folded, decoded, strict=True)]
    against_tenth = [one / other for one, other in zip(folded, folded_tenth, strict=True)]
    return [
        Figure(
            "brand: fold of all items, the brand's own first, against decoding alone", "×", against_decoding, at_most=4
        ),
        Figure("  an item's time against that with a tenth of the items", "×", against_tenth, at_most=2),
        Figure("  decoding alone", "s", decoded),
    ]


def _records(folder: Path) -> list[bytes]:
    """The values of the brand's records; the brand's own item first, as a reader of its partition may meet it."""
    codec = Codec().of(BRAND_CONFIGURED)
    events = sorted(events_of(load(folder), 1, {}), key=lambda event: event.kind != "brand")
    return [codec.encode(event) for event in events]


def _decode(values: list[bytes]) -> None:
    codec = Codec().of(BRAND_CONFIGURED)
    for value in values:
        event = codec.decode(value)
        assert isinstance(event, BrandConfigured)
        msgspec.json.decode(event.body, type=Manifest if event.kind == "brand" else CLASSES[event.kind])


def _fold(values: list[bytes]) -> None:
    codec, fold = Codec().of(BRAND_CONFIGURED), BrandFold()
    assert sum(fold.apply(codec.decode(value)) for value in values) == 1


def _seconds(work: Callable[[list[bytes]], None], values: list[bytes]) -> float:
    began = time.perf_counter()
    work(values)
    return time.perf_counter() - began


def _stack_figures(environment: BenchEnvironment, folder: Path, size: str) -> list[Figure]:
    environment.progress("the demo brand")
    small = _Measured()
    small.run(FullStack(environment.new_folder("stack") / "data"), DEMO_BRAND, environment.rounds)
    environment.progress(f"the brand of {size}")
    large = _Measured()
    stack = FullStack(
        environment.new_folder("stack") / "data", start_timeout_s=START_TIMEOUT_S, FOOTPATH_BRAND=str(folder)
    )
    large.run(stack, folder, environment.rounds)
    figures = []
    for name, most in TARGETS.items():
        figures.append(Figure(f"brand of {size}: {name}", "s", large.seconds[name], at_most=most))
        figures.append(Figure("  with the demo brand", "s", small.seconds[name]))
    for name, megabytes in large.memory.items():
        figures.append(Figure(f"brand of {size}: memory of {name}", "MB", [megabytes]))
        figures.append(Figure("  with the demo brand", "MB", [small.memory[name]]))
    return figures


class _Measured:
    """Seconds of each of TARGETS, and the resident memory by process, with one brand."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {name: [] for name in TARGETS}
        self.memory: dict[str, float] = {}

    def run(self, stack: FullStack, folder: Path, rounds: int) -> None:
        self.seconds[FIRST].append(stack.start())
        for _ in range(rounds):
            stack.scan()
            self.seconds[KEEP].append(_apply(stack, folder))
            self.seconds[CHANGE].append(_apply_a_change(stack, folder))
            stack.scan()
            self.seconds[WORKER].append(_restart(stack, "context"))
            self.seconds[GATEWAY].append(_restart(stack, "gateway"))
            self.memory = {name: _resident_mb(stack.run["processes"][name]) for name in ("gateway", "context")}
            stack.stop()
            self.seconds[AGAIN].append(stack.start())
        stack.stop()


def _apply_a_change(stack: FullStack, folder: Path) -> float:
    """Applies a copy of the brand with another name of one tag's zone."""
    with tempfile.TemporaryDirectory() as copied:
        changed = Path(shutil.copytree(folder, copied, dirs_exist_ok=True))
        tags = changed / "tags.yaml"
        tags.write_text(tags.read_text().replace("zone: ", "zone: new-", 1))
        return _apply(stack, changed)


def _apply(stack: FullStack, folder: Path) -> float:
    began = time.perf_counter()
    done = stack.footpath("brand", "apply", str(folder))
    assert done.returncode == 0, done.stderr
    return time.perf_counter() - began


def _restart(stack: FullStack, process: str) -> float:
    """Stops a process, which the stack starts again, and scans until one is decided."""
    pid, began = stack.run["processes"][process], time.perf_counter()
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: stack.run["processes"].get(process) not in (None, pid), stack.logs)
    wait_until(lambda: _is_decided(stack), stack.logs)
    return time.perf_counter() - began


def _is_decided(stack: FullStack) -> bool:
    try:
        return stack.get(stack.run["demo"]["scan"])[1]["Footpath-Outcome"] == "routed"
    except OSError:
        return False


def _resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6
