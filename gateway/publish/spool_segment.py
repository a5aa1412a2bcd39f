"""Segment files of the spool: checksummed records one after another; a damaged record never costs another one.

A record is a magic number, the length and the CRC-32 of its body (little-endian, 12 bytes in all), then the body. The
magic number has bytes that never occur in UTF-8, so that no text inside a record can be taken for the start of one.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

MAGIC = b"\xff\xf7\xc0\xfe"
HEAD = struct.Struct("<4sII")
SUFFIX = ".segment"


def frame(body: bytes) -> bytes:
    """The bytes of a record in a segment."""
    return HEAD.pack(MAGIC, len(body), zlib.crc32(body)) + body


def bodies(content: bytes) -> Iterator[bytes]:
    """The body of every whole record of a segment, in order; a torn tail and damaged bytes are skipped."""
    at = 0
    while (at := content.find(MAGIC, at)) >= 0:
        if at + HEAD.size > len(content):
            return
        _, length, checksum = HEAD.unpack_from(content, at)
        body = content[at + HEAD.size : at + HEAD.size + length]
        if len(body) == length and zlib.crc32(body) == checksum:
            yield body
            at += HEAD.size + length
        else:
            at += len(MAGIC)


class Segment:
    """One append-only file; ``size`` counts the bytes that are synced to the disk."""

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
        """Returns when the bytes are synced. After an error none of them is stored, and no more may be appended.

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
    """The segments of an earlier process, oldest first; empty files are deleted."""
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
