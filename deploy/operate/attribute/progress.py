"""Progress of attribution: the model that runs and its step."""

import time

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn

from deploy.operate.progress import ProgressView


class ModelProgress(ProgressView):
    """:param models: number of models that are run."""

    def __init__(self, models: int, console: Console | None = None) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.completed} of {task.total} models"),
            TimeElapsedColumn(),
        )
        super().__init__("", models, columns, console)
        self._finished = 0
        self._began = time.monotonic()

    def start_step(self, model: str, step: str) -> None:
        """Call before each step of a model."""
        text = f"{model}: {step}"
        self._update(f"{time.monotonic() - self._began:5.1f} s  {text}", interval_s=0, description=text)

    def finish_model(self) -> None:
        """Call after each model, whether it could answer or not."""
        self._finished += 1
        self._update("", completed=self._finished)
