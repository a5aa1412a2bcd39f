"""Reading files for import: every line becomes an event or a reason, wherever the reading starts again."""

import gzip
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.operate.importer import batches as importing
from deploy.operate.importer.batches import BATCH_EVENTS, Batch, read_batches, reader_at
from deploy.operate.importer.event_ids import EventIds
from deploy.operate.importer.line_reader import LINE_LIMIT_BYTES, LineReader, Position
from schemas.ids import derived
from schemas.process.errors import OperatorError


def read(path: Path, start: Position = Position()) -> list[Batch]:  # noqa: B008
    with path.open("rb") as stream:
        ids = EventIds()
        reader = reader_at(stream, start, ids)
        assert reader is not None, "the file begins as it did"
        return list(read_batches(path, reader, ids, grows=False))


def file(folder: Path, content: bytes, name: str = "events.jsonl") -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


def events(batches: list[Batch]) -> list[tuple[int, dict[str, object]]]:
    return [(event.number, json.loads(event.text)) for batch in batches for event in batch.events]


def reasons(batches: list[Batch]) -> dict[int, str]:
    return {rejected.line.number: rejected.reason for batch in batches for rejected in batch.rejected}


@pytest.mark.parametrize("name", ["events.jsonl", "events.jsonl.gz", "gzipped-without-saying"])
def test_lines_become_events(tmp_path: Path, name: str) -> None:
    content = b'\xef\xbb\xbf{"event_id":"a","n":1}\r\n\n   \n{"event_id":"b","n":2}'
    path = file(tmp_path, gzip.compress(content) if name.startswith("gzipped") else content, name)
    assert events(read(path)) == [(1, {"event_id": "a", "n": 1}), (4, {"event_id": "b", "n": 2})]


def test_lines_that_are_no_events_are_reported_and_the_others_are_read(tmp_path: Path) -> None:
    bad = [
        b"hello",
        b"[1]",
        b"7",
        b'{"a":',
        b'{"a":1} {"b":2}',
        b"\xff\xfe",
        b"x" * (LINE_LIMIT_BYTES * 3),
        b'{"a": nul}',
    ]
    content = b"\n".join([b'{"event_id":"first"}', *bad, b'{"event_id":"last"}'])
    batches = read(file(tmp_path, content))
    assert [event["event_id"] for _, event in events(batches)] == ["first", "last"]
    found = reasons(batches)
    assert sorted(found) == list(range(2, 2 + len(bad)))
    assert found[3] == "no JSON object" and "UTF-8 at byte 0" in found[7] and "longer than" in found[8]


def test_a_line_of_just_the_limit_is_taken(tmp_path: Path) -> None:
    text = b'{"event_id":"' + b"x" * (LINE_LIMIT_BYTES - 16) + b'"}\n'
    assert len(text) == LINE_LIMIT_BYTES
    batches = read(file(tmp_path, text + b'{"event_id":"b"}\n'))
    assert not reasons(batches) and len(events(batches)) == 2


def test_batches_are_bounded(tmp_path: Path) -> None:
    small = read(file(tmp_path, b'{"event_id":"a"}\n' * 1200))
    assert [len(batch.events) for batch in small] == [500, 500, 200]
    large = read(file(tmp_path, b'{"event_id":"%s"}\n' % (b"x" * 200_000) * 12))
    assert all(sum(len(event.text) for event in batch.events) < 1 << 20 for batch in large)


def test_an_id_that_is_missing_follows_from_the_text_and_how_often_it_came() -> None:
    for text in (b'{"type":"scan"}', b"{}", b"{ }", b'{\t"type":"scan"}', b'{"event_id":null,"type":"scan"}'):
        first, second = EventIds(), EventIds()
        once, again, elsewhere = first.with_id(text, 7), first.with_id(text, 8), second.with_id(text, 70)
        assert once == elsewhere != again
        assert len(json.loads(once)["event_id"]) == 36
        assert {k: v for k, v in json.loads(once).items() if k != "event_id"} == {
            k: v for k, v in json.loads(text).items() if k != "event_id"
        }
    assert EventIds().with_id(b'{"event_id":"mine"}', 7) == b'{"event_id":"mine"}'


def test_lines_that_an_earlier_version_imported_keep_the_ids_that_it_gave() -> None:
    """It derived them from text and line number."""
    ids = EventIds(numbered=1)
    assert json.loads(ids.with_id(b"{}", 1))["event_id"] == derived("imported", "1", "{}")
    later = EventIds()
    assert later.with_id(b"{}", 1) != ids.with_id(b"{}", 2) == later.with_id(b"{}", 2)


line = st.one_of(
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3).map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=30).map(lambda raw: raw.replace(b"\n", b"").lstrip(b"\x1f")),
    st.just(b""),
)


@given(content=st.lists(line, max_size=40), compressed=st.booleans(), stop=st.integers(0, 20))
def test_reading_on_from_any_place_gives_the_same(content: list[bytes], compressed: bool, stop: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(importing, "BATCH_EVENTS", 2)
        path = file(Path(folder), b"\n".join(content), "a.gz" if compressed else "a")
        whole = read(path)
        first = whole[:stop]
        rest = read(path, first[-1].end if first else Position())
        assert events(first + rest) == events(whole)
        assert reasons(first + rest) == reasons(whole)


def test_a_file_cut_off_in_its_compression_is_reported_after_what_was_whole(tmp_path: Path) -> None:
    content = b"".join(b'{"event_id":"%d"}\n' % (number * 7919) for number in range(5000))
    path = file(tmp_path, content, "events.jsonl.gz")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    batches = []
    with (
        path.open("rb") as stream,
        pytest.raises(OperatorError, match=r"damaged after line \d+ .*get the complete file"),
    ):
        for batch in read_batches(path, LineReader(stream), EventIds(), grows=False):
            batches.append(batch)
    read_so_far = [event["event_id"] for _, event in events(batches)]
    assert len(read_so_far) > BATCH_EVENTS
    assert read_so_far == [str(number * 7919) for number in range(len(read_so_far))]
    assert not reasons(batches)
