"""The importer: every line of any file becomes one event or one reject, wherever reading is resumed."""

import gzip
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

from deploy.operate.importer import batches as importing
from deploy.operate.importer.batches import BOM, Batch, read_batches, reader_at
from deploy.operate.importer.event_ids import EventIds
from deploy.operate.importer.line_reader import Position
from gateway.events_api.parse import split_batch
from schemas.process.errors import OperatorError


def seeds() -> list[bytes]:
    """Files with every kind of line, plain and compressed."""
    content = b"\n".join(
        (
            b'\xef\xbb\xbf{"event_id":"a","n":1}\r', b"", b'{"event_id":null,"amount":12.50}', b"{}", b"[1]",
            b'{"event_id":"\\u00e4"}', b'{"a":{"event_id":7}}', b"\xff", b'{"event_id":"b"} {"event_id":"c"}',
            b'{"event_id":"d","event_id":null,"x":123456789012345678901234567890}',
        )
    )  # fmt: skip
    packed = gzip.compress(content, mtime=0)
    return [content, packed, packed[:-9], b'{"n":1e400}', b'{"x":NaN}']


def check(data: bytes) -> None:
    batches, broken = _read(data, Position())
    found = [line.number for batch in batches for line in batch.events]
    refused = [reject.line.number for batch in batches for reject in batch.rejected]
    assert found == sorted(found) and refused == sorted(refused) and not set(found) & set(refused)
    plain = _plain(data)
    if plain is not None:
        raw = plain.split(b"\n")
        blank = {number for number, line in enumerate(raw, 1) if not line.strip() or (_is_bom(line))}
        assert set(found) | set(refused) == set(range(1, len(raw) + 1)) - blank, "no line is lost"
        for batch in batches:
            for event in batch.events:
                _assert_same_with_an_id(raw[event.number - 1], event.text)
    for batch in batches:
        texts = [event.text for event in batch.events]
        assert len(split_batch(b'{"events":[%s]}' % b",".join(texts))) == len(texts), "a line stays one event"
        assert not any(b"\n" in text for text in texts)
    for stop in range(len(batches)):
        rest, again_broken = _read(data, batches[stop].end)
        assert _outcomes(rest) == _outcomes(batches[stop + 1 :]) and again_broken == broken


@patch.object(importing, "BATCH_EVENTS", 3)  # so that a short file has several batches
def _read(data: bytes, start: Position) -> tuple[list[Batch], bool]:
    batches: list[Batch] = []
    ids = EventIds()
    reader = reader_at(io.BufferedReader(io.BytesIO(data)), start, ids)  # type: ignore[arg-type]
    assert reader is not None, "the file begins as it did"
    try:
        for batch in read_batches(Path("file"), reader, ids, grows=False):
            batches.append(batch)
    except OperatorError:
        return batches, True
    return batches, False


def _outcomes(batches: list[Batch]) -> list[Any]:
    """Events and rejects of the lines. Not its batches: a broken file's depend on where reading starts."""
    return [
        *(event for batch in batches for event in batch.events),
        *(reject for batch in batches for reject in batch.rejected),
    ]


def _plain(data: bytes) -> bytes | None:
    """The lines of a whole file; None when it is broken."""
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        return gzip.decompress(data)
    except (EOFError, OSError, ValueError, gzip.zlib.error):  # type: ignore[attr-defined]
        return None


def _is_bom(line: bytes) -> bool:
    return not line.strip().removeprefix(BOM).strip()


def _assert_same_with_an_id(line: bytes, text: bytes) -> None:
    """The event has the fields of the line, to the last digit of its amounts."""
    sent = json.loads(line.strip().removeprefix(BOM), parse_float=Decimal)
    event = json.loads(text, parse_float=Decimal)
    assert event.pop("event_id") is not None
    sent.pop("event_id", None)
    assert event == sent, f"{line!r} became {text!r}"
