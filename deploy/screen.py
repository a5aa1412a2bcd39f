"""What long work shows: a bar on a terminal, lines everywhere else; both on standard error."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import Progress, ProgressColumn, TaskID

LINE_EVERY_S = 5.0


class Screen:
    """:param total: how much there is to do; None when nobody knows. :param fields: what ``columns`` name beside it."""

    def __init__(
        self, name: str, total: int | None, columns: Sequence[ProgressColumn], console: Console | None, **fields: Any
    ) -> None:
        self._console = console or Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        self._bar = Progress(*columns, console=self._console) if self._console.is_terminal else None
        self._task = self._bar.add_task(name, total=total, **fields) if self._bar else TaskID(0)
        self._last = time.monotonic()

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def say(self, text: str) -> None:
        """A line that stays."""
        self._console.print(text)

    def _move(self, line: str, every_s: float = LINE_EVERY_S, **to: Any) -> None:
        """Moves the bar; without one says the line, if there is one and none was said for so long."""
        if self._bar:
            self._bar.update(self._task, **to)
        elif line and time.monotonic() - self._last >= every_s:
            self._last = time.monotonic()
            self.say(line)
