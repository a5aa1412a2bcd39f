"""Sends one CSV file to the gateway and writes the rejected rows to a file beside it."""

import asyncio
import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from deploy.operate.csv_file.rows import REJECT_COLUMNS, CsvRows, RejectedRow, Row
from deploy.operate.importer.batches import BATCH_EVENTS
from deploy.operate.importer.lines import Line
from deploy.operate.importer.progress import ImportProgress
from deploy.operate.importer.sender import Sender, build_session
from deploy.target import Target
from schemas.process.errors import OperatorError


@dataclass(slots=True)
class Summary:
    """Counts of one file; ``rejects`` is the path of the file with the rejected rows."""

    file: Path
    rejects: Path
    accepted: int = 0
    rejected: list[RejectedRow] = field(default_factory=list)

    def __str__(self) -> str:
        rejected = len(self.rejected)
        text = f"{self.file}: read {self.accepted + rejected:,}, accepted {self.accepted:,}, rejected {rejected:,}"
        return text + (f"; reasons in {self.rejects}" if self.rejected else "")


def send_files(
    files: Sequence[Path], target: Target, give_up_after_s: float, read: Callable[[Iterable[str], str], CsvRows]
) -> int:
    """Sends one file after the other and prints the counts of each; see `send_file`.

    :returns: the exit code of the command: 2 when rows were rejected.
    """
    code = 0
    for file in files:
        summary = asyncio.run(send_file(file, target, give_up_after_s, read))
        print(summary)
        code = 2 if summary.rejected else code
    return code


async def send_file(
    path: Path, target: Target, give_up_after_s: float, read: Callable[[Iterable[str], str], CsvRows]
) -> Summary:
    """Sends a whole file. Sending it again is safe: the same row has the same id.

    :param read: makes the rows of the file from its lines and its name.
    :param give_up_after_s: time without any accepted request after which the function raises.
    :raises OperatorError: the file cannot be read or has no valid header, the rejected rows cannot be written, or the
        gateway is unavailable for too long; rows accepted before that stay accepted.
    """
    summary = Summary(path, path.with_name(f"{path.name}.rejected.csv"))
    try:
        with path.open("rb") as file, ImportProgress(path.name, path.stat().st_size) as progress:
            rows = read(io.TextIOWrapper(file, "utf-8-sig", "surrogateescape", newline=""), str(path))
            async with build_session() as session:
                sender, left = Sender(session, target, give_up_after_s, progress.print_line), iter(rows)
                while batch := list(islice(left, BATCH_EVENTS)):
                    await _send(batch, sender, summary)
                    progress.update(file.tell(), summary.accepted + len(summary.rejected))
        _write(summary, rows.header)
    except OSError as error:
        raise OperatorError(f"{error.filename or path}: {error.strerror or error}") from None
    return summary


async def _send(batch: Sequence[tuple[Row, Line | RejectedRow]], sender: Sender, summary: Summary) -> None:
    events = [event for _, event in batch if isinstance(event, Line)]
    results = iter(await sender.send(events))
    for row, event in batch:
        if isinstance(event, RejectedRow):
            summary.rejected.append(event)
        elif (result := next(results)).is_rejected:
            summary.rejected.append(RejectedRow(row, result.reason.removeprefix("properties.")))
        else:
            summary.accepted += 1


def _write(summary: Summary, header: Sequence[str]) -> None:
    """Replaces the file of rejected rows: the original fields of each with its line number and reason; no file without
    any."""
    if not summary.rejected:
        summary.rejects.unlink(missing_ok=True)
        return
    original = [index for index, column in enumerate(header) if column not in REJECT_COLUMNS]
    with summary.rejects.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*REJECT_COLUMNS, *(header[index] for index in original)])
        for rejected in summary.rejected:
            fields: Sequence[str] = rejected.row.fields
            if len(fields) == len(header):
                fields = [fields[index] for index in original]
            writer.writerow([rejected.row.line, rejected.reason, *fields])
