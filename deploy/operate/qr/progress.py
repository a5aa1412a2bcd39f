"""Progress of drawing codes."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from deploy.operate.progress import ProgressView


class CodesProgress(ProgressView):
    """:param codes: how many are to be drawn."""

    def __init__(self, codes: int, console: Console | None = None) -> None:
        columns = (TextColumn("QR codes"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        super().__init__("", codes, columns, console)
        self._codes = codes
        self._drawn = 0

    def drawn(self) -> None:
        """Call after each code."""
        self._drawn += 1
        self._update(f"{self._drawn} of {self._codes} codes", completed=self._drawn)
