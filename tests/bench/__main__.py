"""``make bench``: runs the benches in the order of ``BENCHES``, prints one table and writes it as JSON.

    python -m tests.bench [WHAT …] [--rounds N] [--quick] [--out FOLDER]

Exit code 0 when every bench could be measured, whether targets were reached or not; 1 when some could not.
"""

import argparse
import importlib
import logging
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.bench import machine
from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure, format_number, print_table, write_json
from tests.bench.process import NotMeasured

BENCHES = (
    "shell",
    "context",
    "expressions",
    "rewards",
    "scan",
    "scan-closed",
    "events",
    "coupons",
    "sink",
    "attribution",
    "analyst",
    "matching",
    "failover",
    "restart",
    "state-size",
    "timers",
    "budgets",
    "privacy",
    "identity",
    "late-merge",
    "ready",
    "brand",
    "memory",
)
OUT = Path(".footpath-bench")
WIDTH = 120
"""Columns of output that does not go to a terminal."""


@dataclass
class Run:
    """All figures so far; written to ``file`` after each bench, so an interrupted run loses none of them."""

    machine: dict[str, Any]
    file: Path
    figures: list[Figure] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def measure(self, name: str, options: argparse.Namespace, progress: Callable[[str], None]) -> None:
        began, cpu_before = time.monotonic(), machine.cpu_used_s()

        def report(text: str) -> None:
            progress(f"[{time.monotonic() - began:5.0f} s] {name}: {text}")

        report("starts")
        with tempfile.TemporaryDirectory(prefix="footpath-bench-", ignore_cleanup_errors=True) as folder:
            environment = BenchEnvironment(
                Path(folder), options.rounds or (1 if options.quick else 3), options.quick, report
            )
            try:
                figures = _load(name).measure(environment)
            except Exception as problem:  # a bug in one bench must not stop the others
                self.failed[name] = str(problem) if isinstance(problem, NotMeasured) else traceback.format_exc()
                report(f"NOT MEASURED: {self.failed[name]}")
                figures = []
        for figure in figures:
            report(f"{figure.work.strip()}: {format_number(figure.median)} {figure.unit}")
        self.figures += figures
        self.machine["others_cores"][name] = others = machine.cores_used_by_others(cpu_before, time.monotonic() - began)
        report(f"done; other processes used {others:.1f} cores")
        write_json(self.file, self.figures, self.machine, self.failed)

    def print_results(self, console: Console) -> None:
        if self.figures:
            print_table(self.figures, self.machine, console)
        for name, why in self.failed.items():
            console.print(f"{name} could not be measured: {_summary(why)}", style="red", markup=False)
        console.print(f"written to {self.file}")


def main() -> int:
    options = _parse()
    logging.getLogger().addHandler(logging.NullHandler())  # hides warnings of clients whose server still starts
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    progress = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else WIDTH)
    run = Run(
        machine.describe() | {"quick": options.quick, "others_cores": {}},
        options.out / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.json",
    )
    try:
        for name in options.what or BENCHES:
            run.measure(name, options, lambda text: progress.print(text, markup=False))
    except KeyboardInterrupt:
        progress.print("interrupted")
        run.failed["the rest"] = "interrupted"
    run.print_results(console)
    return 1 if run.failed else 0


def _summary(why: str) -> str:
    lines = why.strip().splitlines()
    return lines[-1] if why.startswith("Traceback") else lines[0]


def _load(name: str) -> Any:
    return importlib.import_module(f"tests.bench.{name.replace('-', '_')}")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Measures Footpath on this machine. Run nothing else meanwhile: it would make the figures worse.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="benches:\n" + "\n".join(f"  {name:<12} {_first_line(name)}" for name in BENCHES),
    )
    parser.add_argument("what", nargs="*", metavar="WHAT", help="benches to run; all by default")
    parser.add_argument("--rounds", type=int, help="rounds of each bench (3)")
    parser.add_argument("--quick", action="store_true", help="small sizes and one round: shows that a bench works")
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder of the JSON file ({OUT})")
    options = parser.parse_args()
    if unknown := [name for name in options.what if name not in BENCHES]:
        parser.error(f"no such bench: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds must be at least 1")
    return options


def _first_line(name: str) -> str:
    text = _load(name).__doc__ or ""
    return text.strip().splitlines()[0]


if __name__ == "__main__":
    sys.exit(main())
