"""Reads JSON Lines as batches of events ready to send, and says of every other line why it is none."""

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from deploy.errors import Refused
from schemas.ids import derived

BATCH_EVENTS = 500
# With the lines' own limit still below what a gateway takes in one body by default.
BATCH_BYTES = 512 << 10
LINE_LIMIT_BYTES = 256 << 10
BOM = b"\xef\xbb\xbf"
_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number from 1 and its bytes; in a batch these are the JSON of an event that has an id."""

    number: int
    text: bytes


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that did not get in, and why."""

    line: Line
    reason: str


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file is read: bytes after decompression, and lines."""

    offset: int = 0
    line: int = 0


@dataclass(slots=True)
class Batch:
    """Events in their order, the rejected lines among them, where the next batch begins, and how much of the file
    itself (compressed or not) has been read for it."""

    events: list[Line] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    end: Place = field(default_factory=Place)
    file_bytes: int = 0


class _Head(msgspec.Struct):
    event_id: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_decode_head = msgspec.json.Decoder(_Head).decode
# Numbers with a fraction stay exact: money may be among them.
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


def read_batches(path: Path, stream: BinaryIO, start: Place) -> Iterator[Batch]:
    """The batches of an open file from ``start`` on.

    :raises Refused: the file ends inside its compression, or is damaged; what was whole before has been yielded.
    """
    head = stream.peek(2)[:2] if isinstance(stream, io.BufferedReader) else b""
    # Not through a larger buffer: that would lose what came before the place where a broken file ends.
    plain = cast(BinaryIO, gzip.GzipFile(fileobj=stream)) if head == _GZIP_MAGIC else stream
    place, batch, size = start, Batch(end=start), 0
    problem = ""
    try:
        if start.offset:
            plain.seek(start.offset)
        while raw := plain.readline(LINE_LIMIT_BYTES + 1):
            whole = len(raw) + _skip_rest(plain, raw)
            place = Place(place.offset + whole, place.line + 1)
            _sort(batch, Line(place.line, raw), whole)
            size += len(raw)
            batch.end = place
            if len(batch.events) >= BATCH_EVENTS or len(batch.rejected) >= BATCH_EVENTS or size >= BATCH_BYTES:
                batch.file_bytes = _position(stream, place)
                yield batch
                batch, size = Batch(end=place), 0
    except (EOFError, gzip.BadGzipFile, zlib.error, OSError) as error:
        problem = str(error) or type(error).__name__
    if batch.events or batch.rejected or batch.end != start:
        batch.file_bytes = _position(stream, place)
        yield batch
    if problem:
        raise Refused(
            f"{path} is broken after line {place.line} ({problem}): what came before is in; get the whole file and "
            "import it again, nothing is sent twice"
        )


def _skip_rest(plain: BinaryIO, raw: bytes) -> int:
    """Bytes of an over-long line beyond what was read of it."""
    skipped = 0
    while len(raw) > LINE_LIMIT_BYTES and not raw.endswith(b"\n"):
        raw = plain.readline(LINE_LIMIT_BYTES + 1)
        skipped += len(raw)
    return skipped


def _sort(batch: Batch, line: Line, whole: int) -> None:
    """Puts a line where it belongs; blank ones nowhere."""
    if whole > LINE_LIMIT_BYTES:
        batch.rejected.append(Rejected(Line(line.number, line.text[:1000]), f"longer than {LINE_LIMIT_BYTES} bytes"))
        return
    text = line.text.removeprefix(BOM).strip() if line.number == 1 else line.text.strip()
    if not text:
        return
    try:
        text.decode()
        batch.events.append(Line(line.number, with_id(text, line.number)))
    except UnicodeDecodeError as error:
        batch.rejected.append(Rejected(Line(line.number, text), f"no UTF-8 at byte {error.start}"))
    except RecursionError:
        batch.rejected.append(Rejected(Line(line.number, text), "nested too deeply"))
    except msgspec.DecodeError as error:
        reason = "no JSON object" if isinstance(error, msgspec.ValidationError) else f"no JSON: {error}"
        batch.rejected.append(Rejected(Line(line.number, text), reason))


def with_id(text: bytes, number: int) -> bytes:
    """The event's JSON with an id: its own, else one that follows from its text and line, the same in every run.

    :raises msgspec.DecodeError: no JSON, or no object. :raises RecursionError: nested too deeply.
    """
    head = _decode_head(text)
    if not isinstance(head.event_id, msgspec.UnsetType) and bytes(head.event_id) != b"null":
        return text
    event_id = derived("imported", str(number), text.decode())
    if isinstance(head.event_id, msgspec.UnsetType):
        rest = text[1:].lstrip()
        return b'{"event_id":"%s"%s%s' % (event_id.encode(), b"" if rest == b"}" else b",", rest)
    return _encode(_decode(text) | {"event_id": event_id})


def _position(stream: BinaryIO, place: Place) -> int:
    return stream.tell() if stream.seekable() else place.offset
