"""The results of a bench: values of several runs, their median and spread, and the target for the median."""

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

    ``work`` names what was measured, indented where it belongs to the line above. ``values`` has one value a run, in
    ``unit``. At most one of ``at_least`` and ``at_most`` is set: the target. A figure without a target is a baseline or
    explains another one. ``note`` adds what the values do not show.
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
            return f"≥ {format_number(self.at_least)}"
        return f"≤ {format_number(self.at_most)}" if self.at_most is not None else ""

    @property
    def reached(self) -> bool | None:
        """Whether the median reaches the target; None without a target."""
        if self.at_least is not None:
            return self.median >= self.at_least
        return self.median <= self.at_most if self.at_most is not None else None


def ratio(work: str, ours: Sequence[float], theirs: Sequence[float], at_least: float, note: str = "") -> Figure:
    """Our values divided by a baseline's, run by run: the two of one round had the same conditions."""
    values = [one / other for one, other in zip(ours, theirs, strict=True)]
    return Figure(work, "×", values, at_least=at_least, note=note)


def format_number(value: float) -> str:
    """Three significant digits, or a whole number with separators."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def target_reached(figure: Figure, machine: Mapping[str, Any]) -> bool | None:
    """Whether the target is reached; None without a target or after a run with small sizes."""
    return None if machine["quick"] else figure.reached


def format_range(values: Sequence[float]) -> str:
    """The smallest and the largest value, or the only one."""
    low, high = format_number(min(values)), format_number(max(values))
    return low if len(values) == 1 else f"{low} - {high}"


def print_table(figures: Sequence[Figure], machine: Mapping[str, Any], console: Console) -> None:
    """Prints the table of all figures with a description of the machine."""
    title = "Footpath, measured with small sizes: targets do not apply" if machine["quick"] else "Footpath, measured"
    table = Table(title=title, caption=_caption(machine), caption_justify="left", title_justify="left")
    for name in ("work", "median", "spread", "runs", "unit", "target", ""):
        table.add_column(name, justify="right" if name in ("median", "spread", "runs", "target") else "left")
    for figure in figures:
        labels = {None: Text(""), True: Text("reached", "green"), False: Text("not reached", "bold red")}
        work = Text(figure.work)
        if figure.note:
            work.append(f"\n{figure.note}", "dim")
        spread = format_range(figure.values) if len(figure.values) > 1 else ""
        runs = str(len(figure.values))
        table.add_row(
            work,
            format_number(figure.median),
            spread,
            runs,
            figure.unit,
            figure.target,
            labels[target_reached(figure, machine)],
        )
    console.print(table)


def write_json(file: Path, figures: Sequence[Figure], machine: Mapping[str, Any], failed: Mapping[str, str]) -> None:
    """Writes all figures as JSON, with the value of every run."""
    lines = [asdict(f) | {"median": f.median, "reached": target_reached(f, machine)} for f in figures]
    file.parent.mkdir(parents=True, exist_ok=True)
    document = {"machine": machine, "figures": lines, "not_measured": failed}
    file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _caption(machine: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    others = max(machine["others_cores"].values(), default=0.0)
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}, "
        f"Python {machine['python']}; other processes used up to {others:.1f} cores\n{versions}"
    )
