"""Runs of attribution models as tables for a terminal and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import msgspec
from clickhouse_connect.driver.client import Client
from rich.console import Console
from rich.table import Table

from sinks.analysis.attribution.runs import ModelRun
from sinks.analysis.formatting import label, money, share

MAX_ROWS: Final = 40
"""Number of values in a table; ClickHouse holds all of them."""
COLUMNS: Final = ("share", "conversions", "revenue", "effect", "touches")


def currency_of(client: Client) -> str:
    """What revenue is in: the brand's currency, empty before there is a brand."""
    return str(client.query("SELECT currency FROM live_brand").result_rows[0][0])


def as_json(runs: Sequence[ModelRun]) -> str:
    """All runs with their credits as one JSON document."""
    return msgspec.json.format(msgspec.json.encode([_document(run) for run in runs]), indent=2).decode()


def print_run(run: ModelRun, currency: str, console: Console) -> None:
    """Prints the credits of a run, the largest first, and the query that returns them.

    :param currency: of the revenue.
    """
    totals, detail = run.result.totals, run.result.detail
    base_rate = "" if _base_rate(run) is None else f", base rate {run.result.base_rate:.4%}"
    console.print(
        f"{run.model} by {run.question.by}: {totals.conversions:,} conversions of {totals.paths:,} paths, revenue "
        f"{money(totals.revenue, currency)}{base_rate}"
    )
    if "auc" in detail:
        area = f"AUC {detail['auc']:.3f} ({detail['auc_low']:.3f} to {detail['auc_high']:.3f})"
        slope = f"slope of calibration {detail['calibration']['slope']:.2f}"
        console.print(f"{detail['classifier']} on {detail['tested_paths']:,} later paths: {area}, {slope}")
    for warning in detail.get("warnings", ()):
        console.print(f"note: {warning}")
    if not run.result.skilled:
        console.print(f"no credits: {detail['reason']}")
        return
    console.print(_table(run))
    if (more := len(run.result.credits) - MAX_ROWS) > 0:
        console.print(f"and {more} more")
    console.print(query_of(run))


def query_of(run: ModelRun) -> str:
    """The SQL with which the view attribution_by returns this run."""
    question = run.question
    return (
        f"SELECT * FROM attribution_by(by='{question.by}', model='{run.model}', "
        f"lookback_days={question.lookback_days}, since='{question.since}', until='{question.until}')"
    )


def _base_rate(run: ModelRun) -> float | None:
    """The model's own rate; None where there were too few paths for a model."""
    return run.result.base_rate if run.result.skilled or "auc" in run.result.detail else None


def _table(run: ModelRun) -> Table:
    table = Table()
    table.add_column(run.question.by, overflow="fold")
    for column in COLUMNS:
        table.add_column(column, justify="right")
    for credit in run.result.credits[:MAX_ROWS]:
        table.add_row(
            label(credit.value),
            share(credit.conversions / run.result.totals.conversions),
            f"{credit.conversions:,.2f}",
            f"{credit.revenue:,.2f}",
            f"{credit.effect:.4g}",
            f"{credit.touches:,}",
        )
    return table


def _document(run: ModelRun) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "computed_at": run.computed_at,
        "model": run.model,
        **asdict(run.question),
        **asdict(run.result.totals),
        "base_rate": _base_rate(run),
        "skilled": run.result.skilled,
        "detail": run.result.detail,
        "credits": run.result.credits,
        "query": query_of(run),
    }
