"""Random histories of purchases, and random orders of arrival, for property tests."""

from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.support.builders import ANNA, EventSpec, after, build_events, purchase, returned, scan

BOTH = ("anna", "ben")
lawful = settings(suppress_health_check=[HealthCheck.too_slow])
"""Settings of property tests: without a deadline, which a busy machine would miss."""
amounts = st.integers(0, 3000).map(lambda cents: f"{cents // 100}.{cents % 100:02}")


@st.composite
def stories(draw: st.DrawFn, who: tuple[str, ...] = (ANNA,), returns_of_a_sale: int = 3) -> list[Any]:
    """Scans, sales and returns that name their sale, of one person or of several; a sale may be returned by another.
    Where a sale has one return at most, it is not larger than the sale."""
    specs: list[EventSpec] = [scan(who=draw(st.sampled_from(who))) for _ in range(draw(st.integers(0, 3)))]
    for number in range(draw(st.integers(1, 3))):
        specs.append(purchase(paid := draw(amounts), who=draw(st.sampled_from(who)), name=f"sale-{number}"))
        for _ in range(draw(st.integers(0, returns_of_a_sale))):
            back = draw(amounts)
            back = min(back, paid, key=float) if returns_of_a_sale == 1 else back
            specs.append(returned(back, of=f"sale-{number}", who=draw(st.sampled_from(who))))
        specs.append(after(draw(st.sampled_from(["1 second", "3 days"]))))
    return build_events(*specs)


@st.composite
def purchases(draw: st.DrawFn, who: tuple[str, ...] = (ANNA,), most: int = 12) -> list[Any]:
    """Sales and returns in two currencies. Some returns name their sale, others none; a return may be larger than any
    sale, or name a sale that never comes."""
    specs: list[EventSpec] = []
    sales = 0
    for _ in range(draw(st.integers(1, most))):
        person, currency = draw(st.sampled_from(who)), draw(st.sampled_from(["EUR", "EUR", "EUR", "USD"]))
        amount = draw(amounts)
        if draw(st.booleans()):
            specs.append(purchase(amount, who=person, currency=currency, name=f"sale-{sales}"))
            sales += 1
        else:
            of = draw(st.sampled_from(["", "", *(f"sale-{number}" for number in range(sales + 1))]))
            specs.append(returned(amount, of=of, who=person, currency=currency))
    return build_events(*specs)


@st.composite
def arrivals(draw: st.DrawFn, events: Sequence[Any]) -> list[Any]:
    """Any order of the events, some of them repeated."""
    again = draw(st.lists(st.sampled_from(events), max_size=6))
    return draw(st.permutations([*events, *again]))
