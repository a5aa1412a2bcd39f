"""Data-driven attribution on a terminal: progress while a model works, then its credits."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from deploy import screen
from sinks.analysis.attribution.runs import Run
from sinks.analysis.words import name, plain

SHOWN: Final = 40
"""Values in a table; all are in the store."""
HEADS: Final = ("share", "conversions", "revenue", "effect", "touches")


class Screen(screen.Screen):
    """A bar of models, or one line a step."""

    def __init__(self, models: int, console: Console | None = None) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.completed} of {task.total} models"),
            TimeElapsedColumn(),
        )
        super().__init__("", models, columns, console)
        self._done = 0
        self._began = time.monotonic()

    def at(self, model: str, step: str) -> None:
        """What is being done."""
        self._move(
            f"{time.monotonic() - self._began:5.1f} s  {model}: {step}", every_s=0, description=f"{model}: {step}"
        )

    def done(self) -> None:
        """One more model is through."""
        self._done += 1
        self._move("", completed=self._done)


def as_json(runs: Sequence[Run]) -> str:
    """All runs with their credits as one JSON document."""
    return msgspec.json.format(msgspec.json.encode([_document(run) for run in runs]), indent=2).decode()


def show(run: Run, console: Console) -> None:
    """The credits of a run, the largest first, and the query that gives them again."""
    totals, detail = run.answer.totals, run.answer.detail
    console.print(
        f"{run.model} by {run.question.by}: {totals.conversions:,} conversions of {totals.paths:,} paths, revenue "
        f"{totals.revenue:,.2f}, base rate {run.answer.base_rate:.4%}"
    )
    if "auc" in detail:
        area = f"AUC {detail['auc']:.3f} ({detail['auc_low']:.3f} to {detail['auc_high']:.3f})"
        slope = f"slope of calibration {detail['calibration']['slope']:.2f}"
        console.print(f"{detail['classifier']} on {detail['tested_paths']:,} later paths: {area}, {slope}")
    for warning in detail.get("warnings", ()):
        console.print(f"note: {warning}")
    if not run.answer.skilled:
        console.print(f"no credits: {detail['reason']}")
        return
    console.print(_table(run))
    if (more := len(run.answer.credits) - SHOWN) > 0:
        console.print(f"and {more} more")
    console.print(query_of(run))


def query_of(run: Run) -> str:
    """What an analyst asks to see the same."""
    asked = run.question
    return (
        f"SELECT * FROM attribution_by(by='{asked.by}', model='{run.model}', lookback_days={asked.lookback_days}, "
        f"since='{asked.since}', until='{asked.until}')"
    )


def _table(run: Run) -> Table:
    table = Table()
    table.add_column(run.question.by, overflow="fold")
    for head in HEADS:
        table.add_column(head, justify="right")
    for one in run.answer.credits[:SHOWN]:
        table.add_row(
            name(plain(one.value)),
            f"{one.conversions / run.answer.totals.conversions:.2%}",
            f"{one.conversions:,.2f}",
            f"{one.revenue:,.2f}",
            f"{one.effect:.4g}",
            f"{one.touches:,}",
        )
    return table


def _document(run: Run) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "computed_at": run.computed_at,
        "model": run.model,
        **asdict(run.question),
        **asdict(run.answer.totals),
        "base_rate": run.answer.base_rate,
        "skilled": run.answer.skilled,
        "detail": run.answer.detail,
        "credits": run.answer.credits,
        "query": query_of(run),
    }
