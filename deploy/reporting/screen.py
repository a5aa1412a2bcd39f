"""Which question of a report is asked."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn

from deploy import screen


class Screen(screen.Screen):
    """A bar of questions, or one line a question."""

    def __init__(self, questions: int, console: Console | None = None) -> None:
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
        super().__init__("", questions, columns, console)
        self._questions = questions
        self._asked = 0

    def began(self, question: str) -> None:
        """What is asked now; all before it are answered."""
        self._move(question, every_s=0, completed=self._asked, description=question)
        self._asked += 1

    def done(self) -> None:
        """All are answered."""
        self._move("", completed=self._questions, description="")
