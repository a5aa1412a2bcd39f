"""What an import shows: a bar of bytes on a terminal, a line now and then everywhere else."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

LINE_EVERY_S = 5.0


class Screen:
    """:param total: size of the file in bytes; None when nobody knows."""

    def __init__(self, name: str, total: int | None, console: Console | None = None) -> None:
        self._name = name
        self._console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._total = total
        self._bar: Progress | None = None
        self._task = TaskID(0)
        self._last = time.monotonic()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                DownloadColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[events]:,} events"),
                console=self._console,
            )
            self._task = self._bar.add_task(self._name, total=self._total, events=0)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def moved(self, file_bytes: int, events: int) -> None:
        """How much of the file is in, and how many events that were."""
        if self._bar:
            self._bar.update(self._task, completed=file_bytes, events=events)
        elif time.monotonic() - self._last > LINE_EVERY_S:
            self._last = time.monotonic()
            share = f" ({file_bytes / self._total:.0%})" if self._total else ""
            self.say(f"{self._name}: {events:,} events{share}")

    def say(self, text: str) -> None:
        self._console.print(text, markup=False)
