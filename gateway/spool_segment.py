"""Segment files of the spool: checksummed records one after another; damage costs the damaged record, never
its mates.

A record is a mark, the length and the CRC-32 of its body (little-endian, 12 bytes in all), the body. The mark
holds bytes that UTF-8 never has, so no text inside a record can pass for the start of one.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

MARK = b"\xff\xf7\xc0\xfe"
HEAD = struct.Struct("<4sII")
SUFFIX = ".segment"


def frame(body: bytes) -> bytes:
    """The bytes that stand for a record in a segment."""
    return HEAD.pack(MARK, len(body), zlib.crc32(body)) + body


def bodies(content: bytes) -> Iterator[bytes]:
    """Every whole record of a segment in order; a torn tail and damaged stretches are passed over."""
    at = 0
    while (at := content.find(MARK, at)) >= 0:
        if at + HEAD.size > len(content):
            return
        _, length, checksum = HEAD.unpack_from(content, at)
        body = content[at + HEAD.size : at + HEAD.size + length]
        if len(body) == length and zlib.crc32(body) == checksum:
            yield body
            at += HEAD.size + length
        else:
            at += len(MARK)


class Segment:
    """One file, written once from its start to its end; ``size`` counts the bytes that are safely on disk."""

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self.size = size
        self._file: int | None = None

    @classmethod
    def create(cls, path: Path) -> "Segment":
        segment = cls(path, 0)
        segment._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        sync_directory(path.parent)
        return segment

    def append(self, data: bytes) -> None:
        """Returns when the disk has the bytes. After an error nothing of them counts, and no more may be
        appended.

        :raises OSError: the disk is full or fails.
        """
        assert self._file is not None, "the segment is closed"
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._file, rest) :]
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, self.size)
            raise
        self.size += len(data)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def read(self) -> list[bytes]:
        return list(bodies(self.path.read_bytes()))

    def delete(self) -> None:
        self.close()
        self.path.unlink(missing_ok=True)


def segments_in(directory: Path) -> list[Segment]:
    """The segments that an earlier process left, oldest first; empty files are removed."""
    found = []
    for path in sorted(directory.glob(f"*{SUFFIX}")):
        segment = Segment(path, path.stat().st_size)
        if segment.size:
            found.append(segment)
        else:
            segment.delete()
    return found


def sync_directory(directory: Path) -> None:
    """Makes a new file's name as durable as its content."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
