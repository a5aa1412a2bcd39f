"""Imports one file: reads a batch ahead, sends, writes rejected lines, saves the checkpoint."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from deploy.operate.importer import checkpoint, rejected_file
from deploy.operate.importer.batches import SMALL_BATCH_EVENTS, Batch, read_batches, reader_at
from deploy.operate.importer.checkpoint import Checkpoint
from deploy.operate.importer.event_ids import EventIds
from deploy.operate.importer.line_reader import LineReader
from deploy.operate.importer.lines import RejectedLine
from deploy.operate.importer.pace import Pace
from deploy.operate.importer.progress import ImportProgress
from deploy.operate.importer.sender import EventResult, Sender, build_session
from deploy.target import Target
from schemas.process.errors import OperatorError

STDIN = Path("-")


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of the whole file, and the events and seconds of this run.

    ``was_complete``: an earlier run had imported the whole file, and this one sent nothing. ``unfinished``: the last
    line is not all there yet, and waits for a later import.
    """

    file: Path
    checkpoint: Checkpoint
    events: int
    seconds: float
    rejects: Path
    was_complete: bool = False
    unfinished: bool = False

    def __str__(self) -> str:
        counts = self.checkpoint
        if self.was_complete:
            return f"{self.file}: is imported already ({counts.read:,} events); --again sends it once more"
        text = (
            f"{self.file}: read {counts.read:,}, accepted {counts.accepted:,}, duplicates {counts.duplicates:,}, "
            f"rejected {counts.rejected:,}"
            f"; {self.events / max(self.seconds, 1e-3):,.0f} events/s"
        )
        text += f"; reasons in {self.rejects}" if counts.rejected else ""
        return text + ("; its last line is unfinished: import it again when it is whole" if self.unfinished else "")

    @property
    def code(self) -> int:
        """The exit code: 2 when something of the file is not in."""
        return 2 if self.checkpoint.rejected or self.unfinished else 0


async def import_file(
    path: Path, target: Target, checkpoints: Path, again: bool, give_up_after_s: float, rests: bool = True
) -> Summary:
    """Imports a file (``-``: standard input) and returns when the gateway has answered for every line.

    :param path: absolute, because the checkpoint is found by it. :param checkpoints: folder of the checkpoints.
    :param again: starts at the first line whatever the checkpoint says.
    :param give_up_after_s: time without an accepted request after which the import gives up.
    :param rests: whether it sends small batches and waits between them, see :class:`Pace`.
    :raises OperatorError: the file cannot be read or is damaged, the file of rejected lines cannot be written, or the
        gateway is unavailable for too long; the next run continues at the checkpoint.
    """
    rejects = checkpoints / "stdin.rejected.jsonl" if path == STDIN else path.with_name(f"{path.name}.rejected.jsonl")
    try:
        with _open(path) as stream:
            size = None if path == STDIN else os.fstat(stream.fileno()).st_size
            start, reader, ids = await asyncio.to_thread(_start, path, stream, checkpoints, again)
            if size is not None and start.size == size and start.offset:
                return Summary(path, start, 0, 0.0, rejects, was_complete=True)
            most = SMALL_BATCH_EVENTS if rests else None
            batches = read_batches(path, reader, ids, path != STDIN, most)
            with ImportProgress(path.name, size) as progress:
                return await _import(
                    path, stream, batches, start, target, checkpoints, rejects, give_up_after_s, rests, progress
                )
    except OSError as error:
        raise OperatorError(f"{error.filename or path}: {error.strerror or error}") from None


async def _import(
    path: Path,
    stream: BinaryIO,
    batches: Iterator[Batch],
    start: Checkpoint,
    target: Target,
    checkpoints: Path,
    rejects: Path,
    give_up_after_s: float,
    rests: bool,
    progress: ImportProgress,
) -> Summary:
    began = time.perf_counter()
    reached = msgspec.structs.replace(start, reject_bytes=rejected_file.truncate(rejects, start.reject_bytes))
    unfinished = False
    async with build_session() as session:
        sender, pace = Sender(session, target, give_up_after_s, progress.print_line), Pace()
        batch = await asyncio.to_thread(_next, batches)
        while batch is not None:
            following = asyncio.create_task(asyncio.to_thread(_next, batches))
            events, sent_s = len(batch.events), time.perf_counter()
            try:
                results = await sender.send(batch.events)
            except BaseException:
                await asyncio.gather(following, return_exceptions=True)
                raise
            reached = _advance(reached, batch, results, rejects)
            if path != STDIN:
                checkpoint.save(checkpoints, reached)
            progress.update(batch.file_bytes, reached.read)
            unfinished = batch.unfinished
            batch = await following
            if rests and batch is not None:
                took_s = time.perf_counter() - sent_s
                await asyncio.sleep(pace.rest_s(events, took_s, sender.scan_delay_s, sender.backlog))
    if path != STDIN and not unfinished:
        reached = msgspec.structs.replace(reached, size=os.fstat(stream.fileno()).st_size)
        checkpoint.save(checkpoints, reached)
    seconds = time.perf_counter() - began
    return Summary(path, reached, reached.read - start.read, seconds, rejects, unfinished=unfinished)


def _start(path: Path, stream: BinaryIO, checkpoints: Path, again: bool) -> tuple[Checkpoint, LineReader, EventIds]:
    """Where to begin, a reader that is there, and the ids that were given before. Blocks while it reads what was
    imported: at the checkpoint, or at the first line of a file that does not begin with it any more."""
    if path == STDIN:
        return Checkpoint(file="-"), LineReader(stream), EventIds()
    found = checkpoint.load(checkpoints, path)
    start, ids = found.from_start() if again else found, EventIds(found.numbered)
    if (reader := reader_at(stream, start.position, ids)) is not None:
        return start, reader, ids
    stream.seek(0)
    return Checkpoint(file=str(path)), LineReader(stream), EventIds()


def _open(path: Path) -> BinaryIO:
    return sys.stdin.buffer if path == STDIN else path.open("rb")


def _next(batches: Iterator[Batch]) -> Batch | None:
    return next(batches, None)


def _advance(reached: Checkpoint, batch: Batch, results: list[EventResult], rejects: Path) -> Checkpoint:
    """Writes the batch's rejected lines and returns the checkpoint after the batch."""
    by_gateway = [
        RejectedLine(event, result.reason)
        for event, result in zip(batch.events, results, strict=True)
        if result.is_rejected
    ]
    rejected = sorted(batch.rejected + by_gateway, key=lambda one: one.line.number)
    written = rejected_file.append(rejects, rejected, with_text=reached.file != str(STDIN))
    return msgspec.structs.replace(
        reached,
        offset=batch.end.offset,
        line=batch.end.line,
        digest=batch.end.digest,
        accepted=reached.accepted + sum(result.status == "accepted" for result in results),
        duplicates=reached.duplicates + sum(result.status == "duplicate" for result in results),
        rejected=reached.rejected + len(rejected),
        reject_bytes=reached.reject_bytes + written,
        size=0,
    )
