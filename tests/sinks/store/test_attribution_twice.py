"""An event that was recorded more than once counts once, as it was written first, wherever its records stand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from schemas.events import TouchpointIdentified
from tests.support.sink_events import moved, touchpoint, uid
from tests.support.sink_store import Store

PERIOD = "lookback_days=90, since='1970-01-01', until='2106-01-01'"
START = datetime(2026, 3, 1, tzinfo=UTC)


def scan(name: str, person: str, hour: int, **more: str) -> TouchpointIdentified:
    return touchpoint(uid(name), person, "scan", START + timedelta(hours=hour), profile=person, **more)


def sale(name: str, person: str, hour: int, amount: str) -> TouchpointIdentified:
    return touchpoint(uid(name), person, "sale", START + timedelta(hours=hour), amount=amount, profile=person)


def last(store: Store) -> list[tuple[str, float, float]]:
    return store.ask(f"SELECT * FROM attribution(model='last', {PERIOD})")


FIRST = scan("event", "ann", 1, channel="door")
AGAIN = {
    "as it was": FIRST,
    "with another time": scan("event", "ann", 3, channel="shelf"),
    "with another person": scan("event", "bob", 3, channel="shelf"),
    "with another content": scan("event", "ann", 1, channel="shelf"),
    "as a sale": sale("event", "ann", 1, "7"),
    "as another's sale": sale("event", "bob", 4, "7"),
}


@pytest.mark.parametrize("again", AGAIN.values(), ids=AGAIN)
@pytest.mark.parametrize("blocks", [1, 3], ids=["one block", "a block each"])
def test_what_was_written_first_counts(store: Store, again: TouchpointIdentified, blocks: int) -> None:
    sales = [sale("of ann", "ann", 5, "10"), sale("of bob", "bob", 5, "20")]
    records = [[FIRST, again, *sales]] if blocks == 1 else [[FIRST], [again], sales]
    for block in records:
        store.put(block)
    expected = [("direct", 1.0, 20.0), ("door", 1.0, 10.0)]
    assert last(store) == expected
    store.client.command("OPTIMIZE TABLE touch FINAL")
    store.client.command("OPTIMIZE TABLE touchpoint_identified FINAL")
    assert last(store) == expected
    assert store.one("SELECT count() FROM sale") == 2
    assert store.one(f"SELECT sum(length(steps)) FROM path_in_window(by='channel', {PERIOD})") == 2


def test_a_sale_sent_again_with_another_amount_keeps_the_first(store: Store) -> None:
    store.put([sale("sale", "ann", 1, "10")])
    store.put([sale("sale", "ann", 2, "99"), sale("sale", "bob", 1, "98")])
    assert store.ask("SELECT revenue, person_id::String FROM sale") == [(Decimal(10), uid("ann"))]


def test_a_return_that_is_sent_twice_counts_once(store: Store) -> None:
    back = touchpoint(uid("back"), "bob", "return", START, amount="3", profile="bob", related_event_id=uid("sale"))
    later = touchpoint(uid("back"), "cleo", "return", START, amount="5", profile="cleo", related_event_id=uid("sale"))
    store.put([sale("sale", "ann", 1, "10"), back])
    store.put([later, back])
    assert store.ask("SELECT revenue FROM sale") == [(Decimal(7),)]


def test_a_merge_gives_what_one_person_would_have_had(store: Store) -> None:
    """A phone and a till card are merged; one event of the phone already names the new person."""
    store.put(
        [
            scan("phone", "phone", 1, channel="door"),
            touchpoint(uid("early"), "card", "scan", START + timedelta(hours=2), profile="phone", channel="shelf"),
            sale("till", "card", 3, "10"),
        ]
    )
    alone = store.ask(f"SELECT steps FROM path_in_window(by='channel', {PERIOD})")
    assert sorted(alone) == [(["door"],), (["shelf"],)]
    store.put([moved("phone", "card", 1)])
    one = store.ask(f"SELECT steps, types, ages_h, converted, revenue FROM path_in_window(by='channel', {PERIOD})")
    assert one == [(["door", "shelf"], ["scan", "scan"], [2.0, 1.0], True, Decimal(10))]
