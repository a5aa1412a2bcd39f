"""One file of costs to the gateway, and the rows that did not get in to a file of their own."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from deploy.costing.rows import SAID, Costs, Rejected, Row
from deploy.errors import Refused
from deploy.importing.lines import BATCH_EVENTS, Line
from deploy.importing.screen import Screen
from deploy.importing.sender import Sender, build_session
from deploy.target import Target


@dataclass(slots=True)
class Summary:
    """What became of a file's rows; ``rejects`` is the file that has the rejected ones."""

    file: Path
    rejects: Path
    taken: int = 0
    rejected: list[Rejected] = field(default_factory=list)

    def __str__(self) -> str:
        rejected = len(self.rejected)
        text = f"{self.file}: read {self.taken + rejected:,}, taken {self.taken:,}, rejected {rejected:,}"
        return text + (f"; reasons in {self.rejects}" if self.rejected else "")


async def send_costs(path: Path, target: Target, give_up_after_s: float) -> Summary:
    """Sends a whole file; it may be sent as often as wanted, the latest statement of a day counts.

    :raises Refused: the file cannot be read or has no proper header, the rejects cannot be written, or the gateway is
        away for too long; what was taken by then is in, and sending the file again is safe.
    """
    summary = Summary(path, path.with_name(f"{path.name}.rejected.csv"))
    try:
        with path.open("rb") as file, Screen(path.name, path.stat().st_size) as screen:
            costs = Costs(io.TextIOWrapper(file, "utf-8-sig", "surrogateescape", newline=""), str(path))
            async with build_session() as session:
                sender, rows = Sender(session, target, give_up_after_s, screen.say), iter(costs)
                while batch := list(islice(rows, BATCH_EVENTS)):
                    await _send(batch, sender, summary)
                    screen.moved(file.tell(), summary.taken + len(summary.rejected))
        _write(summary, costs.header)
    except OSError as error:
        raise Refused(f"{error.filename or path}: {error.strerror or error}") from None
    return summary


async def _send(batch: Sequence[tuple[Row, Line | Rejected]], sender: Sender, summary: Summary) -> None:
    events = [event for _, event in batch if isinstance(event, Line)]
    verdicts = iter(await sender.send(events))
    for row, event in batch:
        if isinstance(event, Rejected):
            summary.rejected.append(event)
        elif (verdict := next(verdicts)).status == "rejected":
            summary.rejected.append(Rejected(row, verdict.reason.removeprefix("properties.")))
        else:
            summary.taken += 1


def _write(summary: Summary, header: Sequence[str]) -> None:
    """The rejected rows as they came, each with its line and reason; an earlier run's are gone."""
    if not summary.rejected:
        summary.rejects.unlink(missing_ok=True)
        return
    plain = [index for index, column in enumerate(header) if column not in SAID]
    with summary.rejects.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*SAID, *(header[index] for index in plain)])
        for one in summary.rejected:
            whole = len(one.row.fields) == len(header)
            kept = [one.row.fields[index] for index in plain] if whole else one.row.fields
            writer.writerow([one.row.line, one.reason, *kept])
