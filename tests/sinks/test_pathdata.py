"""Recorded real paths give the figures that are known for them."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest

from schemas.events import TouchpointIdentified
from schemas.ids import person_of
from tests import pathdata
from tests.sinks.events import MICROS, micros
from tests.sinks.store import Store

pytestmark = pytest.mark.timeout(300)

BLOCK = 50_000
SALES = 19_785
KNOWN = {
    "last": {"alpha": 8447, "iota": 3355},
    "first": {"alpha": 6308, "iota": 4606},
    "linear": {"alpha": 7574.718594, "iota": 3857.096221},
}
"""Conversions by model and channel, as the issue gives them."""


def identified(event: dict[str, Any]) -> TouchpointIdentified:
    """The event as it leaves identity; here a shopper's number stands for its hash."""
    customer = f"customer:{event['identifiers'][0]['value']}"
    properties = event.get("properties", {})
    at = micros(event["occurred_at"])
    return TouchpointIdentified(
        event_id=event["event_id"],
        type=event["type"],
        occurred_at=at,
        received_at=at,
        source="pathdata",
        anchor=customer,
        identifiers=(customer,),
        channel=event.get("channel", ""),
        person_id=person_of(customer),
        amount_micros=int(Decimal(properties["amount"]) * MICROS) if properties else None,
        currency=properties.get("currency", ""),
    )


def blocks(events: Iterator[TouchpointIdentified]) -> Iterator[list[TouchpointIdentified]]:
    while block := list(islice(events, BLOCK)):
        yield block


def test_attribution_of_recorded_paths(store: Store) -> None:
    for block in blocks(identified(event) for event in pathdata.events()):
        store.put(block)
    types = store.ask("SELECT type, count() FROM touchpoint GROUP BY type ORDER BY type")
    assert types == [("ad_click", 378_209), ("sale", SALES)]
    assert store.one("SELECT count() FROM person") == 88_387
    revenue = float(store.one("SELECT sum(revenue) FROM sale"))
    for model, known in KNOWN.items():
        rows = store.ask(
            f"SELECT * FROM attribution(model='{model}', lookback_days=90, since='2026-01-01', until='2027-01-01')"
        )
        found = {channel: conversions for channel, conversions, _ in rows}
        assert {channel: found[channel] for channel in known} == pytest.approx(known, abs=1e-6)
        assert sum(found.values()) == pytest.approx(SALES, abs=1e-6)
        assert sum(earned for _, _, earned in rows) == pytest.approx(revenue, abs=1e-6)


def test_no_money_is_lost_in_sharing_it() -> None:
    assert pathdata.shared(Decimal("1.0"), 3) == [
        Decimal("0.333334"),
        Decimal("0.333333"),
        Decimal("0.333333"),
    ]
    assert pathdata.shared(Decimal("0.0"), 0) == []
