"""JSON Lines as batches of events ready to send; a line that is no event gets a reason."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec

from deploy.operate.importer.event_ids import EventIds
from deploy.operate.importer.line_reader import LINE_LIMIT_BYTES, LineReader, Piece, Position
from deploy.operate.importer.lines import Line, RejectedLine
from schemas.process.errors import OperatorError

BATCH_EVENTS = 500
SMALL_BATCH_EVENTS = 100
"""So few are processed in a moment: phones that scan meanwhile do not notice it. The gateway says of them what load it
has."""
# A batch plus one line of the maximum length stays below the gateway's default limit of a request body.
BATCH_BYTES = 512 << 10
BOM = b"\xef\xbb\xbf"
_DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error, OSError)


@dataclass(slots=True)
class Batch:
    """Events in file order, the rejected lines between them, the position of the next batch, and the number of bytes of
    the file itself (compressed or not) that have been read. ``unfinished``: the file's last line is not all there yet;
    it is left out, and the position is before it."""

    events: list[Line] = field(default_factory=list)
    rejected: list[RejectedLine] = field(default_factory=list)
    end: Position = field(default_factory=Position)
    file_bytes: int = 0
    unfinished: bool = False

    def is_full(self, most: int) -> bool:
        return len(self.events) >= most or len(self.rejected) >= most


def reader_at(stream: BinaryIO, start: Position, ids: EventIds) -> LineReader | None:
    """A reader behind the lines of an earlier import, whose ids count; None when the file does not begin with them any
    more. Blocks while it reads them.

    :param start: the hash of an import by an earlier version is not known, and empty.
    """
    reader = LineReader(stream)
    try:
        while reader.offset < start.offset:
            piece = reader.read(start.offset - reader.offset)
            if piece is None:
                return None
            parsed(piece, ids.count)
    except _DAMAGE:
        return None
    return reader if start.digest in ("", reader.position().digest) else None


def read_batches(
    path: Path, reader: LineReader, ids: EventIds, grows: bool, most: int | None = None
) -> Iterator[Batch]:
    """The batches of a file from the reader's position on. Blocks while it reads.

    :param grows: the last line may be completed later: if it has no line end and is no event, it waits for its rest.
    :param most: events of a batch; by default ``BATCH_EVENTS``.
    :raises OperatorError: a compressed file is truncated or damaged; the batches before the damage have been yielded.
    """
    start = reader.position()
    batch, size, problem = Batch(end=start), 0, ""
    try:
        while piece := reader.read():
            line = parsed(piece, ids.with_id)
            if isinstance(line, RejectedLine) and grows and not piece.whole and piece.size <= LINE_LIMIT_BYTES:
                batch.unfinished = True
                break
            if isinstance(line, RejectedLine):
                batch.rejected.append(line)
            elif line is not None:
                batch.events.append(line)
            size += len(piece.line.text)
            if batch.is_full(most or BATCH_EVENTS) or size >= BATCH_BYTES:
                batch.end, batch.file_bytes = reader.position(), reader.file_bytes()
                yield batch
                batch, size = Batch(end=batch.end), 0
    except _DAMAGE as error:
        problem = str(error) or type(error).__name__
    end = reader.position_before_last() if batch.unfinished else reader.position()
    if end != batch.end or batch.unfinished:
        batch.end, batch.file_bytes = end, reader.file_bytes()
        yield batch
    if problem:
        raise OperatorError(
            f"{path} is damaged after line {end.line} ({problem}): the lines before are imported; get the complete "
            "file and import it again, it continues there"
        )


def parsed(piece: Piece, with_id: Callable[[bytes, int], bytes]) -> Line | RejectedLine | None:
    """The event of a line, or why it is none; None for a blank one. Called once for each line of the file, in order."""
    number, text = piece.line.number, piece.line.text
    if piece.size > LINE_LIMIT_BYTES:
        return RejectedLine(Line(number, text[:1000]), f"longer than {LINE_LIMIT_BYTES} bytes")
    # Files that were put together have the mark of each.
    text = text.strip().removeprefix(BOM).strip()
    if not text:
        return None
    try:
        text.decode()
        return Line(number, with_id(text, number))
    except UnicodeDecodeError as error:
        reason = f"not UTF-8 at byte {error.start}"
    except RecursionError:
        reason = "nested too deeply"
    except msgspec.DecodeError as error:
        reason = "no JSON object" if isinstance(error, msgspec.ValidationError) else f"no JSON: {error}"
    return RejectedLine(Line(number, text), reason)
