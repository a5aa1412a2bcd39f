"""Progress of long work on standard error: a bar on a terminal, lines everywhere else."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import Progress, ProgressColumn, TaskID

LINE_INTERVAL_S = 5.0


class ProgressView:
    """Base of every command's progress output; a context manager that shows and removes the bar.

    :param total: amount of work, in the unit of the subclass; None when it is unknown.
    :param columns: columns of the bar. :param fields: initial values of fields that ``columns`` refer to.
    """

    def __init__(
        self, name: str, total: int | None, columns: Sequence[ProgressColumn], console: Console | None, **fields: Any
    ) -> None:
        self._console = console or Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        self._bar = Progress(*columns, console=self._console) if self._console.is_terminal else None
        self._task = self._bar.add_task(name, total=total, **fields) if self._bar else TaskID(0)
        self._last_line_at = time.monotonic()

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def print_line(self, text: str) -> None:
        """Prints a line that stays above the bar."""
        self._console.print(text)

    def _update(self, line: str, interval_s: float = LINE_INTERVAL_S, **values: Any) -> None:
        """Updates the bar with ``values``. Without a bar: prints ``line`` unless it is empty or a line was printed less
        than ``interval_s`` ago."""
        if self._bar:
            self._bar.update(self._task, **values)
        elif line and time.monotonic() - self._last_line_at >= interval_s:
            self._last_line_at = time.monotonic()
            self.print_line(line)
