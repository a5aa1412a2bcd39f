"""The progress output of a replay."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from deploy.operate.progress import ProgressView


class ReplayProgress(ProgressView):
    """A bar, or lines where there is no terminal. :param total: number of ``items`` (e.g. "records") to replay."""

    def __init__(self, name: str, items: str, total: int, console: Console | None = None) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        super().__init__(name, total, columns, console)
        self._name, self._items, self._total = name, items, total

    def advance_to(self, done: int) -> None:
        """Shows that ``done`` items of the total are replayed."""
        self._update(f"{self._name}: {done:,} of {self._total:,} {self._items}", completed=done)
