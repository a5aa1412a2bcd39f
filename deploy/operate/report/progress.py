"""Progress of a report: the question whose query runs."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn

from deploy.operate.progress import ProgressView


class ReportProgress(ProgressView):
    """:param questions: number of questions of the report."""

    def __init__(self, questions: int, console: Console | None = None) -> None:
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
        super().__init__("", questions, columns, console)
        self._questions = questions
        self._started = 0

    def start_question(self, question: str) -> None:
        """Call before the query of each question, in their order."""
        self._update(question, interval_s=0, completed=self._started, description=question)
        self._started += 1

    def finish(self) -> None:
        """Call after the last question."""
        self._update("", completed=self._questions, description="")
