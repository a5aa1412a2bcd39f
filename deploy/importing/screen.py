"""What an import shows: how many bytes of the file are in, and how many events."""

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn

from deploy import screen


class Screen(screen.Screen):
    """:param total: size of the file in bytes; None when nobody knows."""

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

    def moved(self, file_bytes: int, events: int) -> None:
        """How much of the file is in, and how many events that were."""
        share = f" ({file_bytes / self._total:.0%})" if self._total else ""
        self._move(f"{self._name}: {events:,} events{share}", completed=file_bytes, events=events)
