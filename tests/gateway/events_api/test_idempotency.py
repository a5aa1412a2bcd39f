"""The idempotency cache: what an event is beside those that were acknowledged lately."""

import pytest

from gateway.events_api.idempotency import IdempotencyCache, Known, Sighting, joined, known_of, sighting
from schemas.events import StockReported, TouchpointReceived
from schemas.identifiers.types import BLOCKED

ONE, OTHER = "1" * 32, "2" * 32
PHONE, CARD = f"device:{'a' * 32}", f"loyalty:{'b' * 32}"


def known(*identifiers: str, content: str = ONE) -> Known:
    event = TouchpointReceived(
        event_id="till/1", type="sale", occurred_at=0, received_at=0, source="till", primary_identifier="",
        identifiers=identifiers,
    )  # fmt: skip
    return known_of(event, content)


@pytest.mark.parametrize(
    ("before", "event", "expected"),
    [
        (None, known(PHONE), Sighting.NEW),
        (known(PHONE), known(PHONE), Sighting.SAME),
        (known(PHONE, CARD), known(CARD), Sighting.SAME),
        (known(PHONE), known(), Sighting.SAME),
        (known(PHONE), known(f"email:{BLOCKED}"), Sighting.SAME),
        (known(), known(PHONE), Sighting.MORE),
        (known(PHONE), known(PHONE, CARD), Sighting.MORE),
        (known(PHONE), known(PHONE, content=OTHER), Sighting.OTHER),
        (known(PHONE), known(CARD, content=OTHER), Sighting.OTHER),
    ],
)
def test_an_event_is_new_or_more_or_the_same_or_another(before: Known | None, event: Known, expected: Sighting) -> None:
    assert sighting(before, event) is expected


def test_what_was_completed_is_known_with_all_of_its_identifiers() -> None:
    completed = joined(joined(None, known(PHONE)), known(CARD))
    assert sighting(completed, known(CARD, PHONE)) is Sighting.SAME


def test_a_report_has_a_content_alone() -> None:
    report = StockReported(
        event_id="till/1", occurred_at=0, store="s", sku="k", quantity=1, received_at=0, source="till"
    )
    assert sighting(known_of(report, ONE), known_of(report, OTHER)) is Sighting.OTHER


def test_the_oldest_events_are_forgotten() -> None:
    cache = IdempotencyCache(max_events=3)
    cache.add((id, known()) for id in "abcd")
    assert [cache.get(id) is not None for id in "abd"] == [False, True, True]
