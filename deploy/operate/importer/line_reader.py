"""Reads a file of lines, plain or gzip, and knows what it has read: how many lines and bytes, and their hash."""

import gzip
import hashlib
import io
from dataclasses import dataclass
from typing import BinaryIO, cast

from deploy.operate.importer.lines import Line

LINE_LIMIT_BYTES = 256 << 10
_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Position:
    """How far a file has been read: bytes after decompression, lines, and a hash of those bytes."""

    offset: int = 0
    line: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A line, or what the end of the file has of one: ``line`` has its bytes, of more than ``LINE_LIMIT_BYTES`` the
    first ones; ``size`` is its length in bytes; ``whole`` whether its line end was there."""

    line: Line
    size: int
    whole: bool


class LineReader:
    """:param stream: an open file, at its beginning."""

    def __init__(self, stream: BinaryIO) -> None:
        head = stream.peek(2)[:2] if isinstance(stream, io.BufferedReader) else b""
        self._stream = stream
        # No larger buffer around it: the buffer would lose the lines before the damage of a broken file.
        self._plain = cast(BinaryIO, gzip.GzipFile(fileobj=stream)) if head == _GZIP_MAGIC else stream
        self.offset = self._line = 0
        self._line_goes_on = False
        self._hash = hashlib.sha256()
        self._last = Piece(Line(0, b""), 0, True)

    def read(self, most: int = LINE_LIMIT_BYTES + 1) -> Piece | None:
        """The next line; None at the end of the file. Blocks.

        :param most: number of bytes to read at most of a line that is not too long.
        :raises EOFError, OSError, zlib.error: a compressed file is cut off or damaged.
        """
        raw = self._plain.readline(min(most, LINE_LIMIT_BYTES + 1))
        if not raw:
            return None
        if self._last.size <= LINE_LIMIT_BYTES:
            self._hash.update(self._last.line.text)
        size, end = len(raw), raw
        if size > LINE_LIMIT_BYTES:
            self._hash.update(raw)
        while len(end) > LINE_LIMIT_BYTES and not end.endswith(b"\n"):
            end = self._plain.readline(LINE_LIMIT_BYTES + 1)
            self._hash.update(end)
            size += len(end)
        self.offset += size
        self._line += 0 if self._line_goes_on else 1
        self._line_goes_on = not (end or raw).endswith(b"\n")
        self._last = Piece(Line(self._line, raw), size, not self._line_goes_on)
        return self._last

    def position(self) -> Position:
        """How far the file has been read. It finishes a hash, so it is asked once a batch."""
        finished = self._hash.copy()
        if self._last.size <= LINE_LIMIT_BYTES:
            finished.update(self._last.line.text)
        return Position(self.offset, self._line, finished.hexdigest()[:32])

    def position_before_last(self) -> Position:
        """The position before the line that was read last, which is not too long and began where it was read."""
        return Position(self.offset - self._last.size, self._line - 1, self._hash.hexdigest()[:32])

    def file_bytes(self) -> int:
        """Number of bytes of the file itself, compressed or not, that have been read."""
        return self._stream.tell() if self._stream.seekable() else self.offset
