"""What `footpath up` says: steps as they happen, the way in when all is ready, one clear message when not."""

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


class Screen:
    """Lines for people: with a spinner and colours on a terminal, plain everywhere else."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(soft_wrap=True, highlight=False)
        self._status: Status | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rest()

    def step(self, text: str) -> None:
        """A step that begins now."""
        self._rest()
        if self._console.is_terminal:
            self._console.print(f"[dim]·[/dim] {text}", markup=True)
            self._status = self._console.status(text)
            self._status.start()
        else:
            self._console.print(text, markup=False)

    def report(self, text: str) -> None:
        """Something worth reading while a step goes on, or long after."""
        self._console.print(text, markup=False)

    def ready(self, run: Mapping[str, Any], seconds: float) -> None:
        """The way in: addresses, the demo link and its code, queries to paste, how to stop."""
        self._rest()
        say = self._console.print
        scan = run["demo"]["scan"]
        say(f"\nready after {seconds:.1f} s\n", markup=False)
        say(f"gateway      {run['gateway']}", markup=False)
        say(f"demo link    {scan}", markup=False)
        say(f"ClickHouse   {run['clickhouse']}/play", markup=False)
        say(f"Kafka        {run['kafka']}\n", markup=False)
        code = io.StringIO()
        segno.make(scan, micro=False).terminal(out=code, compact=True)
        self._console.file.write(code.getvalue())
        say(f"\npaste into {run['clickhouse']}/play (user default, no password):", markup=False)
        for purpose, query in QUERIES:
            say(f"\n-- {purpose}\n{query};", markup=False)
        say("\nCtrl-C stops everything; the data stays.", markup=False)

    def fail(self, text: str) -> None:
        """Why there is no stack, and what to do."""
        self._rest()
        sys.stdout.flush()
        print(f"footpath: {text}", file=sys.stderr, flush=True)

    def _rest(self) -> None:
        if self._status:
            self._status.stop()
            self._status = None
