"""What a partition remembers of the events that left their key as it was: as much as it says, wherever it is cut."""

from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from processors.identity.core import PROCESSOR as IDENTITY
from processors.shell import recent
from processors.shell.desk import Desk
from processors.shell.recent import PAGE, Recent
from processors.shell.store import MemoryStore
from schemas.codec import Codec
from schemas.events import Event, TouchpointIdentified
from schemas.ids import mark_bytes
from schemas.topics import TOUCHPOINT_RECORDED
from tests.fire.simulation.broker_twin import Rec
from tests.fire.simulation.walks import WORLD
from tests.stories.telling import recorded, touch

CODEC = Codec()
PAGES, PAGE_MARKS = 4, 8


@patch.multiple(recent, PAGES=PAGES, PAGE_MARKS=PAGE_MARKS)
@given(st.lists(st.tuples(st.integers(0, 70), st.booleans())))
def test_the_last_events_are_remembered_however_they_are_cut_into_commits(commits: list[tuple[int, bool]]) -> None:
    store, number = MemoryStore(), 0
    worker = Recent(store)
    for size, restarts in commits:
        for one in range(number, number + size):
            worker.add(_mark(one))
        number += size
        store.write(worker.take_rows().items(), 0)
        worker = Recent(store) if restarts else worker
    for window in (worker, Recent(store)):
        assert all(_mark(past) in window for past in range(max(0, number - (PAGES - 1) * PAGE_MARKS), number))
        assert not any(_mark(old) in window for old in range(number - PAGES * PAGE_MARKS))
        assert _mark(number) not in window


@patch.multiple(recent, PAGES=PAGES, PAGE_MARKS=PAGE_MARKS)
def test_a_page_is_written_again_until_it_is_full_and_nothing_when_nothing_passed() -> None:
    window = Recent(MemoryStore())
    window.add(_mark(1))
    [first] = window.take_rows()
    assert window.take_rows() == {}
    for number in range(2, PAGE_MARKS + 1):
        window.add(_mark(number))
    assert list(window.take_rows()) == [first]
    window.add(_mark(0))
    [second] = window.take_rows()
    assert second != first and second.startswith(PAGE)


def test_an_event_that_says_nothing_new_writes_no_row_and_comes_through_once() -> None:
    """Also when it comes again after a restart."""
    store, published = MemoryStore(), list[Event]()

    def takes(*events: Event) -> dict[bytes, bytes]:
        desk = Desk(IDENTITY, CODEC, store, 0, 1, lambda event, partition: published.append(event))
        desk.take(TOUCHPOINT_RECORDED.name, [Rec(0, b"", CODEC.record(event)[2]) for event in events], WORLD)
        rows = desk.take_dirty()
        store.write(rows.items(), 0)
        return {key: value for key, value in rows.items() if not key.startswith(PAGE)}

    first, *later = recorded(touch("page_view"), touch("page_view"), touch("page_view"))
    assert takes(first)
    assert takes(*later, *later) == {}
    assert takes(first, *later) == {}
    seen = [event for event in published if isinstance(event, TouchpointIdentified)]
    assert [event.event_id for event in seen] == [event.event_id for event in (first, *later)]


def _mark(number: int) -> bytes:
    return mark_bytes(str(number))
