"""What a replay shows."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from deploy import screen


class Screen(screen.Screen):
    """:param total: how many of ``things`` there are to do."""

    def __init__(self, name: str, things: str, total: int, console: Console | None = None) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        super().__init__(name, total, columns, console)
        self._name, self._things, self._total = name, things, total

    def moved(self, done: int) -> None:
        """How much is done by now."""
        self._move(f"{self._name}: {done:,} of {self._total:,} {self._things}", completed=done)
