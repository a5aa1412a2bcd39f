"""One file from its place to the end: read ahead, send, keep rejects, remember how far."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from deploy.errors import Refused
from deploy.importing import progress
from deploy.importing.lines import Batch, Place, Rejected, read_batches
from deploy.importing.progress import Progress
from deploy.importing.screen import Screen
from deploy.importing.sender import Sender, Verdict, build_session
from deploy.target import Target

STDIN = Path("-")


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of the whole file and how fast this run was. ``was_done``: an earlier run had finished it."""

    file: Path
    progress: Progress
    events: int
    seconds: float
    rejects: Path
    was_done: bool = False

    def __str__(self) -> str:
        p = self.progress
        if self.was_done:
            return f"{self.file}: is in already ({p.read:,} events); --again sends it once more"
        text = (
            f"{self.file}: read {p.read:,}, accepted {p.accepted:,}, duplicates {p.duplicates:,}, "
            f"rejected {p.rejected:,}"
            f"; {self.events / max(self.seconds, 1e-3):,.0f} events/s"
        )
        return text + (f"; reasons in {self.rejects}" if p.rejected else "")


async def import_file(path: Path, target: Target, store: Path, again: bool, give_up_after_s: float) -> Summary:
    """Imports a file (``-``: standard input) and returns when the gateway has a verdict on every line.

    :param path: absolute, so that progress is found again. :param store: where progress is kept.
    :param again: from the start, even if an earlier run got further.
    :raises Refused: the file cannot be read or is damaged, the reject file cannot be written, or the gateway is away
        for too long; the next run goes on from there.
    """
    rejects = store / "stdin.rejected.jsonl" if path == STDIN else path.with_name(f"{path.name}.rejected.jsonl")
    try:
        known = _recall(path, store, again)
        size = None if path == STDIN else path.stat().st_size
        if size is not None and known.size == size and known.offset:
            return Summary(path, known, 0, 0.0, rejects, was_done=True)
        with _open(path) as stream, Screen(path.name, size) as screen:
            return await _import(path, stream, known, target, store, rejects, give_up_after_s, screen)
    except OSError as error:
        raise Refused(f"{error.filename or path}: {error.strerror or error}") from None


async def _import(
    path: Path,
    stream: BinaryIO,
    known: Progress,
    target: Target,
    store: Path,
    rejects: Path,
    give_up_after_s: float,
    screen: Screen,
) -> Summary:
    began, before = time.perf_counter(), known.read
    known = msgspec.structs.replace(known, reject_bytes=_cut(rejects, known.reject_bytes))
    batches = read_batches(path, stream, Place(known.offset, known.line))
    async with build_session() as session:
        sender = Sender(session, target, give_up_after_s, screen.say)
        batch = await asyncio.to_thread(_next, batches)
        while batch is not None:
            following = asyncio.create_task(asyncio.to_thread(_next, batches))
            try:
                verdicts = await sender.send(batch.events)
            except BaseException:
                await asyncio.gather(following, return_exceptions=True)
                raise
            known = _count(known, batch, verdicts, rejects)
            if path != STDIN:
                progress.keep(store, known)
            screen.moved(batch.file_bytes, known.read)
            batch = await following
    if path != STDIN:
        known = msgspec.structs.replace(known, size=os.fstat(stream.fileno()).st_size)
        progress.keep(store, known)
    return Summary(path, known, known.read - before, time.perf_counter() - began, rejects)


def _recall(path: Path, store: Path, again: bool) -> Progress:
    if path == STDIN:
        return Progress(file="-", head="", head_bytes=0)
    return (None if again else progress.recall(store, path)) or progress.begin(path)


def _open(path: Path) -> BinaryIO:
    return sys.stdin.buffer if path == STDIN else path.open("rb")


def _next(batches: Iterator[Batch]) -> Batch | None:
    return next(batches, None)


def _count(known: Progress, batch: Batch, verdicts: list[Verdict], rejects: Path) -> Progress:
    refused = [
        Rejected(event, verdict.reason)
        for event, verdict in zip(batch.events, verdicts, strict=True)
        if verdict.status == "rejected"
    ]
    rejected = sorted(batch.rejected + refused, key=lambda r: r.line.number)
    return msgspec.structs.replace(
        known,
        offset=batch.end.offset,
        line=batch.end.line,
        accepted=known.accepted + sum(verdict.status == "accepted" for verdict in verdicts),
        duplicates=known.duplicates + sum(verdict.status == "duplicate" for verdict in verdicts),
        rejected=known.rejected + len(rejected),
        reject_bytes=known.reject_bytes + _append(rejects, rejected),
        size=0,
    )


def _append(rejects: Path, rejected: list[Rejected]) -> int:
    """Writes the rejected lines as JSON Lines, bytes that are no text escaped; returns how many bytes that were."""
    if not rejected:
        return 0
    text = b"".join(
        msgspec.json.encode(
            {"line": one.line.number, "reason": one.reason, "text": one.line.text.decode(errors="backslashreplace")}
        )
        + b"\n"
        for one in rejected
    )
    rejects.parent.mkdir(parents=True, exist_ok=True)
    with rejects.open("ab") as file:
        file.write(text)
    return len(text)


def _cut(rejects: Path, length: int) -> int:
    """Takes back what an interrupted run wrote after it last remembered its place; returns what is left."""
    kept = min(length, rejects.stat().st_size) if rejects.exists() else 0
    if kept:
        os.truncate(rejects, kept)
    else:
        rejects.unlink(missing_ok=True)
    return kept
