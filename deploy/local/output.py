"""Output of `footpath up`: the current step, the addresses when everything is ready, one message on failure."""

import io
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import segno
from rich.console import Console
from rich.status import Status

QUERIES = (
    (
        "what happened last",
        "SELECT occurred_at, type, channel, store, tag FROM touchpoint ORDER BY occurred_at DESC LIMIT 20",
    ),
    (
        "how often each rule paid",
        "SELECT rule, count() AS times FROM reward_posted FINAL GROUP BY rule ORDER BY times DESC",
    ),
    (
        "what each channel is worth",
        "SELECT * FROM attribution(model='linear', lookback_days=90, since='2026-01-01', until='2027-01-01')",
    ),
)


class StackOutput:
    """Lines on standard output: with a spinner and colours on a terminal, plain text everywhere else."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(soft_wrap=True, highlight=False)
        self._status: Status | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop_spinner()

    def step(self, text: str) -> None:
        """A step that begins now; the previous one has ended."""
        self._stop_spinner()
        if self._console.is_terminal:
            self._console.print(f"[dim]·[/dim] {text}", markup=True)
            self._status = self._console.status(text)
            self._status.start()
        else:
            self._console.print(text, markup=False)

    def report(self, text: str) -> None:
        """One line, during a step or later."""
        self._console.print(text, markup=False)

    def ready(self, run: Mapping[str, Any], seconds: float) -> None:
        """Addresses, the demo link and its QR code, example queries, how to stop.

        :param run: content of `run.json`. :param seconds: duration of the start.
        """
        self._stop_spinner()
        print_line = self._console.print
        scan = run["demo"]["scan"]
        print_line(f"\nready after {seconds:.1f} s\n", markup=False)
        print_line(f"gateway      {run['gateway']}", markup=False)
        print_line(f"demo link    {scan}", markup=False)
        print_line(f"ClickHouse   {run['clickhouse']}/play", markup=False)
        print_line(f"Kafka        {run['kafka']}\n", markup=False)
        code = io.StringIO()
        segno.make(scan, micro=False).terminal(out=code, compact=True)
        self._console.file.write(code.getvalue())
        print_line(f"\npaste into {run['clickhouse']}/play (user default, no password):", markup=False)
        for purpose, query in QUERIES:
            print_line(f"\n-- {purpose}\n{query};", markup=False)
        print_line("\nCtrl-C stops everything; the data is kept.", markup=False)

    def fail(self, text: str) -> None:
        """Prints the failure and its remedy on standard error."""
        self._stop_spinner()
        sys.stdout.flush()
        print(f"footpath: {text}", file=sys.stderr, flush=True)

    def _stop_spinner(self) -> None:
        if self._status:
            self._status.stop()
            self._status = None
