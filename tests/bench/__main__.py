"""``make bench``: measures the work of the table in its order, prints one table and keeps it as JSON.

    python -m tests.bench [WHAT …] [--rounds N] [--quick] [--out FOLDER]

Exit code 0 when everything could be measured, whether a target was reached or not; 1 when something could not.
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
from tests.bench.figures import Figure, print_table, shown, write_json
from tests.bench.ground import Ground, NotMeasured

BENCHES = (
    "shell",
    "context",
    "scan",
    "scan-closed",
    "events",
    "sink",
    "attribution",
    "likeness",
    "failover",
    "restart",
    "state-size",
    "identity",
    "late-merge",
    "ready",
    "memory",
)
OUT = Path(".footpath-bench")
WIDTH = 120
"""Of what is written to a file."""


@dataclass
class Run:
    """What was measured so far; it is on disk after each bench, so an end in the middle loses none of it."""

    about: dict[str, Any]
    file: Path
    figures: list[Figure] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def measure(self, name: str, options: argparse.Namespace, tell: Callable[[str], None]) -> None:
        began, used = time.monotonic(), machine.used_s()

        def say(text: str) -> None:
            tell(f"[{time.monotonic() - began:5.0f} s] {name}: {text}")

        say("starts")
        with tempfile.TemporaryDirectory(prefix="footpath-bench-", ignore_cleanup_errors=True) as folder:
            ground = Ground(Path(folder), options.rounds or (1 if options.quick else 3), options.quick, say)
            try:
                found = _load(name).measure(ground)
            except Exception as problem:  # whatever it is, the others are measured all the same
                self.failed[name] = str(problem) if isinstance(problem, NotMeasured) else traceback.format_exc()
                say(f"NOT MEASURED: {self.failed[name]}")
                found = []
        for figure in found:
            say(f"{figure.work.strip()}: {shown(figure.median)} {figure.unit}")
        self.figures += found
        self.about["others_cores"][name] = others = machine.others_cores(used, time.monotonic() - began)
        say(f"done; what is not ours used {others:.1f} cores meanwhile")
        write_json(self.file, self.figures, self.about, self.failed)

    def tell(self, console: Console) -> None:
        if self.figures:
            print_table(self.figures, self.about, console)
        for name, why in self.failed.items():
            console.print(f"{name} could not be measured: {_short(why)}", style="red", markup=False)
        console.print(f"kept in {self.file}")


def main() -> int:
    options = _parse()
    logging.getLogger().addHandler(logging.NullHandler())  # clients warn of what is waited out
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
    run.tell(console)
    return 1 if run.failed else 0


def _short(why: str) -> str:
    lines = why.strip().splitlines()
    return lines[-1] if why.startswith("Traceback") else lines[0]


def _load(name: str) -> Any:
    return importlib.import_module(f"tests.bench.{name.replace('-', '_')}")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Measures Footpath on this machine. Leave the machine alone meanwhile: it has no core to spare.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="what there is to measure:\n" + "\n".join(f"  {name:<12} {_first_line(name)}" for name in BENCHES),
    )
    parser.add_argument("what", nargs="*", metavar="WHAT", help="what to measure; all of it by default")
    parser.add_argument("--rounds", type=int, help="runs of each contender (3)")
    parser.add_argument("--quick", action="store_true", help="small sizes and one round: to see that a bench works")
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder for the JSON ({OUT})")
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
