"""Progress of an import: bytes of the file and number of events."""

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn

from deploy.operate.progress import ProgressView


class ImportProgress(ProgressView):
    """:param total: size of the file in bytes; None for standard input."""

    def __init__(self, name: str, total: int | None, console: Console | None = None) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[events]:,} events"),
        )
        super().__init__(name, total, columns, console, events=0)
        self._name, self._total = name, total

    def update(self, file_bytes: int, events: int) -> None:
        """:param file_bytes: bytes of the file that are imported. :param events: number of events in them."""
        share = f" ({file_bytes / self._total:.0%})" if self._total else ""
        self._update(f"{self._name}: {events:,} events{share}", completed=file_bytes, events=events)
