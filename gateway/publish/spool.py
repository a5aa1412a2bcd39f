"""The spool: a disk queue, in order and bounded, for records that Kafka could not take; it survives kill -9.

One fsync serves all requests that wait for it. Records are read back a whole segment at a time; a segment is deleted
when Kafka has all of it, so that a crash in between produces the rest of one segment again (consumers count each event
id once).
"""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import msgspec

from gateway.publish.records import Record
from gateway.publish.spool_segment import SUFFIX, Segment, frame, segments_in
from schemas.process.errors import OperatorError
from schemas.process.folder_lock import FolderInUseError, lock_folder

SEGMENT_BYTES = 4 * 1024 * 1024
T = TypeVar("T")

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Record).decode


class SpoolError(OperatorError):
    """The directory cannot hold a spool; the message names FOOTPATH_GATEWAY_SPOOL."""


class SpoolFull(Exception):
    """The records were not stored: the spool is at its limit, or the disk is full or fails."""


class Spool:
    """:param limit_bytes: limit of the bytes on disk; beyond it nothing is stored.

    All file work happens in one thread of its own, so that writing, reading and deleting never overlap.

    :raises SpoolError: the directory cannot be written, or is in use.
    """

    def __init__(self, directory: Path, limit_bytes: int) -> None:
        self._directory = directory
        self._limit_bytes = limit_bytes
        self._lock = _claim(directory)
        self._segments = deque(segments_in(directory))
        self._active: Segment | None = None
        self._next = 1 + max((int(segment.path.stem) for segment in self._segments), default=0)
        self._queue: list[tuple[bytes, asyncio.Future[None]]] = []
        self._committer: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self.pending_bytes = sum(segment.size for segment in self._segments)
        """Bytes that Kafka does not have yet, including those being written now; zero: the spool is drained."""

    async def append(self, records: Sequence[Record]) -> None:
        """Returns when all records are synced to the disk. :raises SpoolFull: none of them is stored."""
        data = b"".join([frame(_encode(record)) for record in records])
        if self.pending_bytes + len(data) > self._limit_bytes:
            raise SpoolFull(f"{self.pending_bytes} bytes are pending already")
        self.pending_bytes += len(data)
        synced: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((data, synced))
        if self._committer is None or self._committer.done():
            self._committer = asyncio.create_task(self._commit())
        await asyncio.shield(synced)

    async def oldest(self) -> tuple[Segment, list[Record]] | None:
        """The oldest segment with its records, or None when nothing is stored; later records go to another segment."""
        return await self._in_thread(self._read_oldest)

    async def belongs_to(self, cluster: str) -> str:
        """Notes the Kafka cluster that the records go to. :returns: the one noted before, if it is another and records
        of then wait here; else empty.
        """
        return await self._in_thread(lambda: self._note_cluster(cluster)) if cluster else ""

    async def drop(self, segment: Segment) -> None:
        """Deletes the oldest segment. Called when Kafka has all of its records."""
        await self._in_thread(self._delete_oldest)
        self.pending_bytes -= segment.size

    @property
    def is_full(self) -> bool:
        """Whether the limit is reached."""
        return self.pending_bytes >= self._limit_bytes

    async def close(self) -> None:
        """Waits for writes in progress; the records stay on disk for the next start."""
        if self._committer is not None:
            await self._committer
        await self._in_thread(self._roll)
        self._thread.shutdown()
        os.close(self._lock)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _commit(self) -> None:
        while self._queue:
            group, self._queue = self._queue, []
            data = b"".join([part for part, _ in group])
            try:
                await self._in_thread(lambda data=data: self._write(data))  # type: ignore[misc]
            except OSError as error:
                self.pending_bytes -= len(data)
                for _, synced in group:
                    synced.set_exception(SpoolFull(error.strerror or "the disk fails"))
            else:
                for _, synced in group:
                    synced.set_result(None)

    def _write(self, data: bytes) -> None:
        if self._active is None:
            number, self._next = self._next, self._next + 1
            self._active = Segment.create(self._directory / f"{number:012d}{SUFFIX}")
            self._segments.append(self._active)
        try:
            self._active.append(data)
        except OSError:
            # After a failed fsync the kernel may take lost pages for clean: nothing more is written to this file.
            if self._active.size == 0:
                self._segments.pop().delete()
            self._roll()
            raise
        if self._active.size >= SEGMENT_BYTES:
            self._roll()

    def _roll(self) -> None:
        if self._active is not None:
            self._active.close()
            self._active = None

    def _read_oldest(self) -> tuple[Segment, list[Record]] | None:
        if not self._segments:
            return None
        segment = self._segments[0]
        if segment is self._active:
            self._roll()
        return segment, [_decode(body) for body in segment.read()]

    def _delete_oldest(self) -> None:
        self._segments.popleft().delete()

    def _note_cluster(self, cluster: str) -> str:
        path = self._directory / "kafka-cluster"
        try:
            before = path.read_text() if path.exists() else ""
            if before != cluster:
                path.write_text(cluster)
        except OSError:  # a full disk; the next connection notes it
            return ""
        return before if before not in ("", cluster) and self.pending_bytes else ""


def _claim(directory: Path) -> int:
    """Locks the directory until the process ends; returns the lock's file descriptor.

    :raises SpoolError: it cannot be written, or is in use.
    """
    try:
        return lock_folder(directory)
    except FolderInUseError as holder:
        raise SpoolError(
            f"FOOTPATH_GATEWAY_SPOOL={directory} is in use by another gateway (pid {holder.pid}): give each its own"
        ) from None
    except OSError as error:
        raise SpoolError(f"FOOTPATH_GATEWAY_SPOOL={directory}: {error.strerror}") from None
