"""The dedup window of a partition: it holds as many events as it promises, wherever commits cut them."""

from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from processors.identity.core import PROCESSOR as IDENTITY
from processors.shell.reject_limit import RejectLimit
from processors.shell.state import dedup_window
from processors.shell.state.dedup_window import PAGE, DedupWindow
from processors.shell.state.store import MemoryStore
from processors.shell.task import StreamTask
from schemas.codec.avro import Codec
from schemas.events import Event, TouchpointIdentified
from schemas.ids import hash64_bytes
from schemas.topics import TOUCHPOINT_RECORDED
from tests.support.builders import build_recorded, touch
from tests.support.source_records import SourceRecord
from tests.support.workload import REFERENCE

CODEC = Codec()
PAGES, PAGE_HASHES = 4, 8


@patch.multiple(dedup_window, PAGES=PAGES, PAGE_HASHES=PAGE_HASHES)
@given(st.lists(st.tuples(st.integers(0, 70), st.booleans())))
def test_the_last_events_are_stored_however_they_are_cut_into_commits(commits: list[tuple[int, bool]]) -> None:
    store, number = MemoryStore(), 0
    worker = DedupWindow(store)
    for size, restarts in commits:
        for one in range(number, number + size):
            worker.add(_hash(one))
        number += size
        store.write(worker.take_changed_rows().items(), 0)
        worker = DedupWindow(store) if restarts else worker
    for window in (worker, DedupWindow(store)):
        assert all(_hash(past) in window for past in range(max(0, number - (PAGES - 1) * PAGE_HASHES), number))
        assert not any(_hash(old) in window for old in range(number - PAGES * PAGE_HASHES))
        assert _hash(number) not in window


@patch.multiple(dedup_window, PAGES=PAGES, PAGE_HASHES=PAGE_HASHES)
def test_a_page_is_written_again_until_it_is_full_and_only_when_it_changed() -> None:
    window = DedupWindow(MemoryStore())
    window.add(_hash(1))
    [first] = window.take_changed_rows()
    assert window.take_changed_rows() == {}
    for number in range(2, PAGE_HASHES + 1):
        window.add(_hash(number))
    assert list(window.take_changed_rows()) == [first]
    window.add(_hash(0))
    [second] = window.take_changed_rows()
    assert second != first and second.startswith(PAGE)


def test_an_event_that_changes_no_state_writes_no_state_row_and_is_published_once() -> None:
    """Also when it arrives again after a restart."""
    store, published = MemoryStore(), list[Event]()

    def state_rows(*events: Event) -> dict[bytes, bytes]:
        publish = lambda effect: published.append(effect.event)  # noqa: E731
        task = StreamTask(IDENTITY, CODEC, store, 0, RejectLimit(1), publish)
        records = [SourceRecord(0, b"", CODEC.record(event)[2]) for event in events]
        task.process(TOUCHPOINT_RECORDED.name, records, REFERENCE)
        rows = task.take_changed_rows()
        store.write(rows.items(), 0)
        return {key: value for key, value in rows.items() if not key.startswith(PAGE)}

    first, *later = build_recorded(touch("page_view"), touch("page_view"), touch("page_view"))
    assert state_rows(first)
    assert state_rows(*later, *later) == {}
    assert state_rows(first, *later) == {}
    seen = [event for event in published if isinstance(event, TouchpointIdentified)]
    assert [event.event_id for event in seen] == [event.event_id for event in (first, *later)]


def _hash(number: int) -> bytes:
    return hash64_bytes(str(number))
