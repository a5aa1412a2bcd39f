"""What a bench measures: values of several runs, their median and spread, and the target that they are held to."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    ``values`` has one value a run. At most one of ``at_least`` and ``at_most`` is set; a figure without is a baseline
    or says more about another. ``note`` tells what the figure hides.
    """

    work: str
    unit: str
    values: Sequence[float]
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def target(self) -> str:
        if self.at_least is not None:
            return f"≥ {shown(self.at_least)}"
        return f"≤ {shown(self.at_most)}" if self.at_most is not None else ""

    @property
    def reached(self) -> bool | None:
        """Whether the median is where it should be; None without a target."""
        if self.at_least is not None:
            return self.median >= self.at_least
        return self.median <= self.at_most if self.at_most is not None else None


def ratio(work: str, ours: Sequence[float], theirs: Sequence[float], at_least: float, note: str = "") -> Figure:
    """Ours to a baseline, run by run: the two of one run met the same machine."""
    values = [one / other for one, other in zip(ours, theirs, strict=True)]
    return Figure(work, "×", values, at_least=at_least, note=note)


def shown(value: float) -> str:
    """Three digits that count, thousands apart."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def judged(figure: Figure, machine: Mapping[str, Any]) -> bool | None:
    """Whether the target is reached; nobody can say so after a run with small sizes."""
    return None if machine["quick"] else figure.reached


def ranged(values: Sequence[float]) -> str:
    """The smallest and the largest, or the only one."""
    low, high = shown(min(values)), shown(max(values))
    return low if len(values) == 1 else f"{low} - {high}"


def print_table(figures: Sequence[Figure], machine: Mapping[str, Any], console: Console) -> None:
    """The one table, and what it was measured on."""
    title = "Footpath, tried with small sizes: no word on the targets" if machine["quick"] else "Footpath, measured"
    table = Table(title=title, caption=_told(machine), caption_justify="left", title_justify="left")
    for name in ("work", "median", "spread", "runs", "unit", "target", ""):
        table.add_column(name, justify="right" if name in ("median", "spread", "runs", "target") else "left")
    for figure in figures:
        verdict = {None: Text(""), True: Text("reached", "green"), False: Text("not reached", "bold red")}
        work = Text(figure.work)
        if figure.note:
            work.append(f"\n{figure.note}", "dim")
        spread = ranged(figure.values) if len(figure.values) > 1 else ""
        runs = str(len(figure.values))
        table.add_row(
            work, shown(figure.median), spread, runs, figure.unit, figure.target, verdict[judged(figure, machine)]
        )
    console.print(table)


def write_json(file: Path, figures: Sequence[Figure], machine: Mapping[str, Any], failed: Mapping[str, str]) -> None:
    """The same for programs, with every single value."""
    lines = [asdict(f) | {"median": f.median, "reached": judged(f, machine)} for f in figures]
    file.parent.mkdir(parents=True, exist_ok=True)
    document = {"machine": machine, "figures": lines, "not_measured": failed}
    file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _told(machine: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    others = max(machine["others_cores"].values(), default=0.0)
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}, "
        f"Python {machine['python']}; others used up to {others:.1f} cores meanwhile\n{versions}"
    )
