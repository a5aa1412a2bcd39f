"""The report on a store with events that mislead: hold-outs, imported history, currencies, names like signs."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from schemas.brand.items import Manifest
from schemas.brand.model import About
from schemas.events import BrandConfigured, Candidate, CostReported, ScanRouted, TouchpointIdentified
from sinks.analysis.report.section import Section
from sinks.analysis.report.sections import SECTIONS
from tests.sinks.analysis.test_report import figures, report
from tests.support.sink_events import MICROS, micros, touchpoint, uid
from tests.support.sink_store import Store

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
IMPORTED_AT = micros("2026-11-29")


def section(*ids: str) -> Section:
    """The section of these questions, with no others."""
    (found,) = [one for one in SECTIONS if one.id == ids[0].partition("-")[0]]
    return replace(found, questions=tuple(one for one in found.questions if f"{found.id}-{one.id}" in ids))


def brand(currency: str) -> BrandConfigured:
    url = "https://shop.example"
    about = About(id="demo", name="Demo", currency=currency, country="DE", fallback=url, destinations=(url,))
    body = msgspec.json.encode(Manifest(about=about, counts={})).decode()
    return BrandConfigured(event_id=uid(body), occurred_at=1, kind="brand", id="demo", version="1", body=body)


def imported(event: TouchpointIdentified) -> TouchpointIdentified:
    """The event, received long after it happened."""
    return msgspec.structs.replace(event, received_at=IMPORTED_AT)


def bought(
    who: str, hours: float, amount: str = "10", channel: str = "", **more: str
) -> Iterator[TouchpointIdentified]:
    """A click on the channel, and a sale so many hours later."""
    yield imported(touchpoint(uid(f"{who} clicks"), who, "ad_click", START, channel=channel, **more))
    yield imported(touchpoint(uid(f"{who} buys"), who, "sale", START + timedelta(hours=hours), amount=amount))


def decided(who: str, route: str, lost_because: str, held_out: bool | None = None) -> ScanRouted:
    return ScanRouted(
        event_id=uid(f"{who} is answered"), scan_event_id=uid(f"{who} scans"), person_id=uid(who),
        occurred_at=micros(START), moment="buy", route=route, action="redirect", destination="", brand_version="1",
        candidates=(Candidate("tea", 2, "category is coffee"), Candidate("buy", 1, lost_because)),
        inputs=json.dumps({} if held_out is None else {"held_out": held_out}),
    )  # fmt: skip


def test_a_scan_that_is_held_out_is_no_scan_without_a_route(store: Store, tmp_path: Path) -> None:
    decisions = [
        decided("ann", "buy", "", held_out=False), decided("ben", "fallback", "held_out", held_out=True),
        decided("cleo", "fallback", "held_out", held_out=True), decided("dora", "fallback", "store is closed", True),
        decided("eve", "fallback", "store is closed"),
    ]  # fmt: skip
    for _ in range(2):
        store.put(decisions)
        _, page = report(store, tmp_path, section("stream-decisions"))
        assert (
            "20.0 % of the decisions led to a route of the brand, most often buy (20.0 %); 4 led to the tag's fallback:"
            " 2 because no route applied and 2 because the person is held out." in page.text
        )


def test_history_that_was_imported_later_is_of_its_period(store: Store, tmp_path: Path) -> None:
    store.put(event for n in range(20) for event in bought(f"rp-{n}", 24, channel="A > B"))
    store.put([imported(touchpoint(uid("guest"), "guest", "sale", START + timedelta(days=2), amount="10"))])
    _, page = report(store, tmp_path, section("stream-events"))
    assert "41 events of 2 kinds, each counted once" in page.text
    assert "100 % of them came in more than a day after they had happened." in page.text

    _, page = report(store, tmp_path, section("paths-frequent", "paths-times"))
    assert "The most frequent path of conversions is A > B: 95.2 % of them; of all with this path 100 %" in page.text
    assert "All conversions come within 24.0 hours of the first touch, 100 % within a day." in page.text
    paths = [row["channels"] for row in figures(tmp_path, "paths-frequent")]
    assert paths == ['["A > B"]', "[]"], "the file has the steps of each path apart"
    (times,) = figures(tmp_path, "paths-times")
    assert (times["from_h"], times["conversions"]) == ("6", "20"), "a column includes its end"


@pytest.mark.parametrize("name", ["*", "A > B", "%", 'it\'s "quoted"', "back\\slash", "(none)", "all others"])
def test_a_placement_and_campaign_of_any_name_is_one_of_its_own(store: Store, tmp_path: Path, name: str) -> None:
    for who, place in (("ann", name), ("ben", name), ("cleo", "poster")):
        store.put(
            [
                touchpoint(uid(f"{who} scans"), who, "scan", START, placement=place, campaign=place, channel=place),
                touchpoint(uid(f"{who} clicks"), who, "ad_click", START + timedelta(hours=1), channel="search"),
                touchpoint(uid(f"{who} buys"), who, "sale", START + timedelta(hours=2), amount="10"),
            ]
        )
    store.put([cost(name, "poster", "5"), cost("poster", name, "5")])
    rows = store.client.query(
        "SELECT value, conversions, n FROM influence(by='placement', lookback_days=90, since='2026-03-01', "
        "until='2026-04-01')"
    ).result_rows
    assert rows == [("*", 3, 3), (name, 2, 3), ("poster", 1, 3)], "the row of all first, then each value"
    whole = store.ask(
        "SELECT campaign, cost, conversions FROM campaign_value(model='linear', lookback_days=90, since='2026-03-01', "
        "until='2026-04-01') WHERE is_whole"
    )
    assert sorted(whole) == sorted([(name, 5, 1.0), ("poster", 5, 0.5)])
    _, page = report(store, tmp_path, section("influence-hidden"))
    shown = f"“{name}”" if name in ("(none)", "all others") else name
    assert "in the physical world is in 100 % of the conversions" in page.text
    assert f"most often behind another touch is {shown} (2 conversions)." in page.text


def cost(campaign: str, placement: str, amount: str, currency: str = "EUR", day: int = 3) -> CostReported:
    return CostReported(
        event_id=uid(f"{campaign} {placement} {amount} {currency} {day}"), campaign=campaign, placement=placement,
        amount_micros=int(Decimal(amount) * MICROS), currency=currency, occurred_at=micros(f"2026-03-0{day}"),
        received_at=IMPORTED_AT, source="agency",
    )  # fmt: skip


def test_money_names_its_currency_and_other_currencies_are_not_subtracted_from_it(store: Store, tmp_path: Path) -> None:
    store.put([brand("USD")])
    store.put(event for who in ("ann", "ben") for event in bought(who, 5, "999999999999.99", campaign="july"))
    store.put([cost("july", "", "100", "USD"), cost("july", "", "30", "EUR", day=4), cost("july", "shelf", "9", "EUR")])
    store.put([cost("june", "", "9", "EUR")])
    # Sales are in EUR: they count as conversions, without revenue in the brand's currency.
    for _ in range(2):
        _, page = report(store, tmp_path, section("money-roi"))
        assert "Campaign july returns the most for its money, -100 %" in page.text
        assert "2.0 conversions credited to 1 campaign that cost 100.00 USD" in page.text
        assert "Not in these figures: costs of 48.00 EUR, since currencies do not add up." in page.text
    _, page = report(store, tmp_path, section("attribution-channels"))
    assert "n = 2 conversions, revenue 0.00 USD, 6 models" in page.text
    store.put([msgspec.structs.replace(brand("EUR"), occurred_at=2)])
    _, page = report(store, tmp_path, section("attribution-channels"))
    assert "n = 2 conversions, revenue 1,999,999,999,999.98 EUR, 6 models" in page.text
    _, page = report(store, tmp_path, section("money-roi"))
    assert "to 2 campaigns that cost 48.00 EUR" in page.text
    assert "Not in these figures: costs of 100.00 USD, since currencies do not add up." in page.text


def test_a_run_that_could_not_be_tested_claims_nothing(store: Store, tmp_path: Path) -> None:
    store.put(event for n in range(3) for event in bought(f"p{n}", 5, channel="search"))
    detail = json.dumps({"sample": 1, "warnings": [], "reason": "of 2 training paths 2 convert"})
    store.client.command(
        "INSERT INTO attribution_run (run_id, computed_at, model, by, lookback_days, since, until, skilled, detail) "
        f"VALUES ('{uid('run')}', now64(6), 'predictive', 'channel', 90, '2026-03-01', '2026-04-01', false, '{detail}')"
    )
    written, page = report(store, tmp_path, section("trust-calibration"))
    assert (written.answered, written.empty) == (0, 1)
    assert "The predictive model was not tested and has no credits: of 2 training paths 2 convert." in page.text
    assert "chance" not in page.text.replace("chances", "")
