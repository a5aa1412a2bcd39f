"""The decisions of a period once more: as a table, and the progress while they are read."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from deploy.operate.progress import ProgressView
from deploy.operate.why.period import Moved, Period


class PeriodProgress(ProgressView):
    """The progress of reading decisions."""

    def __init__(self, console: Console | None = None) -> None:
        columns = (TextColumn("decisions"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        super().__init__("", None, columns, console)

    def advanced(self, answers: int, of: int) -> None:
        """Shows how many have been looked at."""
        self._update(f"{answers:,} of {of:,} decisions", completed=answers, total=of)


def print_period(period: Period, console: Console) -> None:
    """Prints how many answers would be others, by route, and what could not be said."""
    console.print(summary(period))
    if period.moved:
        table = Table("was", "would be", "answers", box=None, pad_edge=False, header_style="bold")
        for one in period.moved:
            table.add_row(one.was, target(one), f"{one.answers:,}")
        console.print(table)
    for note in notes(period):
        console.print(note)
    rate = period.answers / period.seconds if period.seconds else 0
    console.print(f"{period.seconds:,.1f} s, {rate:,.0f} decisions a second")


def target(one: Moved) -> str:
    """The route that would answer; of the same route the fields that would be others."""
    return f"{one.now} (other {', '.join(one.fields)})" if one.fields else one.now


def summary(period: Period) -> str:
    """How many of the answers would be others."""
    looked = f"{period.answers:,} decisions"
    if period.answers < period.of:
        looked = f"{period.answers:,} of {period.of:,} decisions, drawn by their ids"
    said = period.answers - period.without_inputs
    share = f" ({period.changed / said:.1%})" if said else ""
    between = f"{period.since:%Y-%m-%d %H:%M} to {period.until:%Y-%m-%d %H:%M}"
    return f"{looked} from {between}: {period.changed:,} would be others{share}"


def notes(period: Period) -> list[str]:
    """What limits the figures."""
    found = []
    if period.without_inputs:
        found.append(f"{period.without_inputs:,} have no inputs any more (no analytics, erased, retention): not new")
    for name, answers in period.missing.items():
        found.append(f"{answers:,} would need the input {name}, which is not stored: taken as unknown or none")
    for version in period.other_versions:
        found.append(f"version {version} cannot be put together: the present configuration answered in its place")
    return found
