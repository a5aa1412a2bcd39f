"""`footpath brand plan`: what differs from the configuration that is live, and what depends on that."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.settings import DEMO_BRAND
from deploy.operate.plan.differences import differences
from deploy.operate.plan.outline import outline
from deploy.operate.plan.plan import Plan, plan
from deploy.operate.store_client import connect
from deploy.operate.why.outline import lines
from deploy.operate.why.period import recompute_period
from deploy.operate.why.stored import moment_of
from processors.reference import Reference
from schemas.brand.consent import Consent, Policy
from schemas.brand.items import build_brand, events_of, items_of
from schemas.brand.load import load
from schemas.brand.model import Brand, Holdout, Item, Retention
from sinks.store.migrate import migrate
from tests.support.builders import MONDAY_TEN, after, agreed, at, build_events, merged, purchase, scan
from tests.support.reference import BOUGHT, SCANNED, reference, route
from tests.support.servers import ClickHouseServer, start_clickhouse
from tests.support.sink_store import Store
from tests.support.stored_stories import copied, put_brand, put_events

WHERE = reference(route("shelf", 20, placements=("shelf",)), route("else", 1), stock={("mitte", "KB-1"): 4})
NOW = MONDAY_TEN + timedelta(days=20)
DEMO = load(DEMO_BRAND)
ITEMS = [(kind, item) for kind, items in items_of(DEMO).items() if kind != "brand" for item in items]


async def is_serving() -> bool:
    return True


def changed(brand: Brand, **fields: Any) -> Brand:
    """A brand with other sections."""
    other = msgspec.structs.replace(brand, **fields)
    return build_brand(items_of(other))


@given(st.sets(st.sampled_from(range(len(ITEMS)))), st.sets(st.sampled_from(range(len(ITEMS)))), st.booleans())
def test_a_plan_says_what_apply_writes(first: set[int], second: set[int], renamed: bool) -> None:
    """Whatever is added and removed; against itself a configuration has no differences."""
    before, now = (_chosen(numbers) for numbers in (first, second))
    if renamed:
        now = changed(now, about=msgspec.structs.replace(now.about, name="Other"))
    assert differences(before, before) == differences(now, now) == []
    found = differences(before, now)
    held = {f"{event.kind}/{event.id}": (event.version, event.body) for event in events_of(before, 1, {})}
    written = events_of(now, 2, held)
    planned = [one for one in found if one.section != "brand"]
    assert len([one for one in planned if one.change == "removed"]) == sum(not event.body for event in written)
    # The brand's own item comes with every version that changes anything.
    assert len([one for one in planned if one.change != "removed"]) == max(0, sum(bool(e.body) for e in written) - 1)
    assert bool(found) == bool(written)


def _chosen(numbers: set[int]) -> Brand:
    items: dict[str, list[Item]] = {"brand": items_of(DEMO)["brand"]}
    for number in numbers:
        items.setdefault(ITEMS[number][0], []).append(ITEMS[number][1])
    return build_brand(items)


def test_fields_are_named_by_their_paths_and_secrets_are_not_shown() -> None:
    brand = DEMO
    [first, *others] = brand.routes
    when = msgspec.structs.replace(first.when, visits_at_least=3)
    other = changed(brand, routes=(msgspec.structs.replace(first, priority=5, when=when), *others))
    [one] = differences(brand, other)
    assert (one.section, one.id, one.change) == ("routes", first.id, "changed")
    assert [(f.field, f.before, f.after) for f in one.fields] == [
        ("priority", first.priority, 5), ("when.visits_at_least", None, 3),
    ]  # fmt: skip
    [key] = brand.api_keys[:1] or [None]
    if key is not None:
        [one] = differences(brand, changed(brand, api_keys=(msgspec.structs.replace(key, hash="sha256:" + "1" * 64),)))
        assert "1" * 64 not in str(one)
    assert [one.change for one in differences(None, brand)] == ["added"] * sum(map(len, items_of(brand).values()))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Settings of a ClickHouse with twenty days of a small brand; everything is stored twice, and counts once."""
    part = start_clickhouse(tmp_path_factory.mktemp("plan") / "clickhouse")
    migrate(part.url)
    events = build_events(
        agreed("marketing", policy_version="1"),
        scan("shelf"),
        scan("poster", who="ben"),
        after("15 days"),
        scan("shelf", who="ben", properties='{"query":{}}'),
        scan("bottle", who="cleo"),
        purchase("12.50", "KB-1"),
        merged("ben", into="anna"),
    )
    for _ in range(2):
        put_brand(Store(part), WHERE.brand, 1)
        put_events(Store(part), WHERE, events)
    yield {"FOOTPATH_CLICKHOUSE": part.url}
    part.stop()


def planned(other: Brand, store: dict[str, str], before: Brand = WHERE.brand) -> Plan:
    return plan(before, other, NOW, store)


def test_answers_that_would_have_been_others_are_counted_by_route(store: dict[str, str]) -> None:
    [shelf, other] = WHERE.brand.routes
    found = planned(
        changed(WHERE.brand, routes=(msgspec.structs.replace(shelf, when=shelf.when, id="rack"), other)), store
    )
    assert found.consequences is not None and not found.uncounted
    week, month = found.consequences.answers
    assert [(one.was, one.now, one.answers) for one in week.moved] == [("shelf", "rack", 1)]
    assert [(one.was, one.now, one.answers) for one in month.moved] == [("shelf", "rack", 2)]
    assert (week.answers, week.changed, month.answers, month.changed) == (2, 1, 4, 2)
    text = "\n".join(lines(outline(found)))
    assert "+ rack" in text and "- shelf" in text and "answers of 30 days: 2 of 4 would be others" in text


def test_people_and_points_of_rules_that_change_or_go_are_counted(store: dict[str, str]) -> None:
    """Ben is Anna by now: of three scans two and the purchase are hers, the third is Cleo's."""
    dearer = msgspec.structs.replace(SCANNED, points=9)
    found = planned(changed(WHERE.brand, rewards=(dearer,)), store).consequences
    assert found is not None and found.answers == [], "rules touch no answer"
    assert {one.rule: (one.people, one.points, one.balances) for one in found.rules} == {
        "scanned": (2, 20, 44), "bought": (1, 24, 39),
    }  # fmt: skip
    text = "\n".join(planned(changed(WHERE.brand, rewards=(dearer,)), store).meanings)
    assert "rule scanned changes and keeps its version" in text and f"rule {BOUGHT.id} posts nothing more" in text


def test_tags_that_go_consent_that_is_asked_again_and_rows_that_go_are_counted(store: dict[str, str]) -> None:
    tags = {id: tag for id, tag in WHERE.brand.tags.items() if id not in ("shelf", "overseas")}
    policy = (Policy(version="2", language="en", text="We write to you."),)
    consent = {"marketing": Consent(id="marketing", policy="2", policies=policy)}
    retention = {"properties": Retention(id="properties", days=3), "sightings": Retention(id="sightings", days=3)}
    other = changed(WHERE.brand, tags=tags, consent=consent, retention=retention)
    found = planned(other, store).consequences
    assert found is not None
    assert [(one.tag, one.scans) for one in found.tags] == [("shelf", 2)], "nobody scanned overseas"
    assert [(one.purpose, one.people) for one in found.asked] == [("marketing", 1)]
    deleted = {(one.table, one.what): one.rows for one in found.deleted}
    assert deleted["scan_routed", "inputs"] >= 4 and deleted["touchpoint_identified", "rows"] == 0
    assert [(one.was, one.now) for one in found.answers[0].moved] == [("shelf", "(no such tag)")]
    text = "\n".join(lines(outline(planned(other, store))))
    assert "tag shelf: printed codes lead to the brand's fallback" in text and "properties older than 3 days go" in text


def test_without_clickhouse_it_says_the_differences_and_that_counts_are_missing(store: dict[str, str]) -> None:
    other = changed(WHERE.brand, about=msgspec.structs.replace(WHERE.brand.about, holdout=Holdout(share=0.1, salt="x")))
    found = planned(other, {"FOOTPATH_CLICKHOUSE": "http://127.0.0.1:9"})
    assert found.consequences is None and "ClickHouse does not answer" in found.uncounted
    text = "\n".join(lines(outline(found)))
    assert "holdout.share: 0.0 → 0.1" in text and "counts are missing" in text and "hold-out: 10.00%" in text
    same = planned(WHERE.brand, {"FOOTPATH_CLICKHOUSE": "http://127.0.0.1:9"})
    assert not same.changes_something and not same.uncounted, "nothing is asked where nothing changes"
    first = plan(None, WHERE.brand, NOW, store)
    assert first.changes_something and first.uncounted == "nothing was applied before"


def test_a_period_of_several_versions_is_recomputed_version_by_version(store: dict[str, str]) -> None:
    """Also where a version cannot be put together: then the present one answers, and the result says so."""
    other = reference(route("else", 1)).brand
    events = [copied(event, event_id=f"later/{number}") for number, event in enumerate(
        build_events(at("2026-05-01T10:00"), scan("shelf"), scan("shelf"), scan("shelf"))
    )]  # fmt: skip
    with connect(store) as client:
        part = Store(ClickHouseServer([], Path(), is_serving, store["FOOTPATH_CLICKHOUSE"]))
        put_events(part, Reference(msgspec.structs.replace(WHERE.brand, version="unknown")), events[:1])
        put_events(part, Reference(WHERE.brand), events[1:2])
        put_brand(part, other, 1_777_000_000_000_000, WHERE.brand)
        put_events(part, Reference(other), events[2:])
        begin = moment_of(events[0].occurred_at)
        found = recompute_period(client, begin, begin + timedelta(hours=1), None)
    assert (found.answers, found.same, found.other_versions) == (3, 2, ["unknown"])
    assert [(one.was, one.now) for one in found.moved] == [("shelf", "else")]
