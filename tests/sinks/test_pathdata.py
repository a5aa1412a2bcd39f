"""Recorded real paths give their published figures, and those of independent oracles."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest

from schemas.events import TouchpointIdentified
from schemas.ids import person_of
from sinks.analysis.attribution.result import Question
from sinks.analysis.attribution.runs import ModelRun, run
from tests.oracles.attribution import parts
from tests.oracles.markov import Path, base_and_effects
from tests.oracles.shapley import shapley, worth_of
from tests.support import pathdata
from tests.support.sink_events import MICROS, micros
from tests.support.sink_store import Store

BLOCK = 50_000
SALES = 19_785
PEOPLE = 88_387
PERIOD = "lookback_days=90, since='2026-01-01', until='2027-01-01'"
QUESTION = Question("channel", 90, "2026-01-01", "2027-01-01")
KNOWN = {
    "last": {"alpha": 8447, "iota": 3355},
    "first": {"alpha": 6308, "iota": 4606},
    "linear": {"alpha": 7574.718594, "iota": 3857.096221},
}
"""Conversions by model and channel, as the issues give them."""
MARKOV = {"alpha": 0.270152, "iota": 0.196341, "eta": 0.168858, "beta": 0.127741}
"""Shares of order 1, as the issue gives them."""
BASE = 0.2238451356


def identified(event: dict[str, Any]) -> TouchpointIdentified:
    """The event as identity emits it; the shopper's number is used in place of its hash."""
    customer = f"customer:{event['identifiers'][0]['value']}"
    properties = event.get("properties", {})
    at = micros(event["occurred_at"])
    return TouchpointIdentified(
        event_id=event["event_id"],
        type=event["type"],
        occurred_at=at,
        received_at=at,
        source="pathdata",
        primary_identifier=customer,
        identifiers=(customer,),
        channel=event.get("channel", ""),
        person_id=person_of(customer),
        amount_micros=int(Decimal(properties["amount"]) * MICROS) if properties else None,
        currency=properties.get("currency", ""),
    )


def blocks(events: Iterator[TouchpointIdentified]) -> Iterator[list[TouchpointIdentified]]:
    while block := list(islice(events, BLOCK)):
        yield block


@pytest.fixture(scope="module")
def recorded(migrated: Store) -> Iterator[Store]:
    """A store with all of PathData, which the tests of this module only read."""
    migrated.empty()
    for block in blocks(identified(event) for event in pathdata.events()):
        migrated.put(block)
    yield migrated
    migrated.empty()


@pytest.fixture(scope="module")
def rows() -> list[tuple[tuple[str, ...], int, float, int]]:
    """The data as recorded: channels, conversions, what these are worth in whole millionths, journeys without any."""
    return [
        (
            tuple(channel.strip() for channel in row["path"].split(">")),
            int(row["total_conversions"]),
            float(round(Decimal(row["total_conversion_value"]), 6)),
            int(row["total_null"]),
        )
        for row in csv.DictReader(io.StringIO(pathdata.fetch()))
    ]


@pytest.fixture(scope="module")
def journeys(rows: list[tuple[tuple[str, ...], int, float, int]]) -> Counter[Path]:
    """The same as paths with their number."""
    found = Counter[Path]()
    for channels, sold, _, left in rows:
        found.update({(channels, True): sold, (channels, False): left})
    return +found


def test_all_rows_are_stored(recorded: Store) -> None:
    types = recorded.ask("SELECT type, count() FROM touchpoint GROUP BY type ORDER BY type")
    assert types == [("ad_click", 378_209), ("sale", SALES)]
    assert recorded.one("SELECT count() FROM person") == PEOPLE


@pytest.mark.parametrize("model", ["first", "last", "linear", "position", "time_decay"])
def test_rules_give_what_the_recorded_rows_give(
    recorded: Store, rows: list[tuple[tuple[str, ...], int, float, int]], model: str
) -> None:
    conversions: dict[str, float] = defaultdict(float)
    revenue: dict[str, float] = defaultdict(float)
    for channels, sold, worth, _ in rows:
        if sold:
            ages_h = [n * pathdata.STEP / timedelta(hours=1) for n in range(len(channels), 0, -1)]
            for channel, part in zip(channels, parts(model, channels, ages_h), strict=True):
                conversions[channel] += part * sold
                revenue[channel] += part * worth
    rows_found = recorded.ask(f"SELECT * FROM attribution(model='{model}', {PERIOD})")
    found = {name: (conversions, float(revenue)) for name, conversions, revenue in rows_found}
    given = {channel: figures for channel, figures in found.items() if any(figures)}
    wanted = {channel: part for channel, part in conversions.items() if part}
    assert {channel: figures[0] for channel, figures in given.items()} == pytest.approx(wanted, abs=1e-6)
    assert {channel: figures[1] for channel, figures in given.items()} == pytest.approx(
        {channel: revenue[channel] for channel in wanted}, abs=1e-6
    )
    assert {channel: conversions[channel] for channel in KNOWN.get(model, ())} == pytest.approx(
        KNOWN.get(model, {}), abs=1e-6
    )
    assert sum(figures[0] for figures in found.values()) == pytest.approx(SALES, abs=1e-6)
    assert sum(figures[1] for figures in found.values()) == pytest.approx(
        float(recorded.one("SELECT sum(revenue) FROM sale")), abs=1e-6 * len(found)
    )


@pytest.mark.parametrize("order", [1, 2])
def test_markov_gives_what_chains_without_each_channel_give(
    recorded: Store, journeys: Counter[Path], order: int
) -> None:
    base, effects = base_and_effects(journeys, order)
    found = done(recorded, f"markov_{order}")
    assert found.result.base_rate == pytest.approx(BASE, abs=1e-10) == pytest.approx(base, abs=1e-10)
    assert {one.value: one.effect for one in found.result.credits} == pytest.approx(effects, abs=1e-9)
    if order == 1:
        kept = {one.value: one.conversions / SALES for one in found.result.credits}
        assert {channel: kept[channel] for channel in MARKOV} == pytest.approx(MARKOV, abs=1e-6)


def test_shapley_gives_what_all_coalitions_give(recorded: Store, journeys: Counter[Path]) -> None:
    channels = sorted({channel for steps, _ in journeys for channel in steps})
    found = {one.value: one.conversions for one in done(recorded, "shapley").result.credits}
    assert found == pytest.approx(shapley(channels, worth_of(journeys, rate=False)), abs=1e-6)
    rates = {one.value: one.effect for one in done(recorded, "shapley_rate").result.credits}
    assert rates == pytest.approx(shapley(channels, worth_of(journeys, rate=True)), abs=1e-9)


def done(store: Store, model: Any) -> ModelRun:
    """A run of the model, which the store has as a whole."""
    found = run(store.client, model, QUESTION, lambda _: None)
    columns = "value, conversions, revenue, effect, touches"
    kept = store.ask(f"SELECT {columns} FROM attribution_credit_latest WHERE run_id = '{found.run_id}'")
    assert sorted(kept) == sorted(
        (one.value, one.conversions, one.revenue, one.effect, one.touches) for one in found.result.credits
    )
    assert sum(conversions for _, conversions, *_ in kept) == pytest.approx(SALES, abs=1e-6)
    assert sum(earned for _, _, earned, *_ in kept) == pytest.approx(
        float(store.one("SELECT sum(revenue) FROM sale")), abs=1e-6
    )
    assert sum(row[-1] for row in kept) == 378_209
    return found


def test_shares_sum_to_the_whole_amount() -> None:
    assert pathdata.split_evenly(Decimal("1.0"), 3) == [
        Decimal("0.333334"),
        Decimal("0.333333"),
        Decimal("0.333333"),
    ]
    assert pathdata.split_evenly(Decimal("0.0"), 0) == []
