"""Reconciliation of the tables with what clients sent, which answers they got, what people earned, and its limits.

The stacks have the brand of `tests.chaos.books`."""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.chaos.books import BUDGET_POINTS, COUPONS, GRANTED, LIMITED, REVIEW_POINTS
from tests.chaos.phone_clients import PhoneClients
from tests.oracles.joined import Joined
from tests.support.customers import Json
from tests.support.full_stack import FullStack, wait_until
from tests.support.till_client import TillClient

SCAN_KINDS = ("scan", "nfc_tap")


@dataclass(frozen=True)
class Reconciliation:
    """Counts of a successful reconciliation."""

    events_acknowledged: int
    scans_acknowledged: int
    events_stored: int
    people_with_points: int


def wait_until_stored(stack: FullStack, till: TillClient, phones: PhoneClients) -> None:
    """Waits until the tables have everything acknowledged; else `reconcile` reports what is missing."""
    acknowledged = _acknowledged(till, phones)

    def is_stored() -> bool:
        # Cheap queries first: the whole table is only fetched when it can be complete.
        if stack.value("SELECT count() FROM touchpoint") < len(acknowledged):
            return False
        rows = stack.rows("SELECT event_id, type, person_id FROM touchpoint")
        scans = sum(row["type"] in SCAN_KINDS for row in rows)
        decisions = stack.value("SELECT uniqExact(scan_event_id) FROM scan_routed")
        return (
            acknowledged <= {row["event_id"] for row in rows}
            and decisions >= scans
            and people_match(rows, till, phones)
            and not _wrong_balances(stack, till)
            and not _wrong_grants(stack)
        )

    wait_until(is_stored, lambda: f"{reconcile(stack, till, phones)}\n{stack.logs()}")


def reconcile(stack: FullStack, till: TillClient, phones: PhoneClients) -> Reconciliation:
    """Asserts that everything acknowledged is stored once, that nothing else is stored, and that balances are right.

    :raises AssertionError: with the number and examples of the first kind of difference.
    """
    rows = stack.rows("SELECT event_id, type, person_id FROM touchpoint")
    stored = Counter(row["event_id"] for row in rows)
    acknowledged = _acknowledged(till, phones)
    acknowledged_scans = _acknowledged_scans(phones)
    lost = acknowledged - stored.keys()
    duplicated = {event for event, count in stored.items() if count > 1}
    assert not lost, f"{len(lost)} of {len(acknowledged)} acknowledged events are lost, e.g. {sorted(lost)[:3]}"
    assert not duplicated, f"{len(duplicated)} of {len(stored)} events are duplicated, e.g. {sorted(duplicated)[:3]}"
    unacknowledged_scans = {row["event_id"] for row in rows if row["type"] in SCAN_KINDS} - acknowledged_scans
    unclaimed_answers = len(phones.missing_answers) + sum(not scan.event_id for scan in phones.scans)
    assert len(unacknowledged_scans) <= unclaimed_answers, (
        f"{len(unacknowledged_scans)} scans without an acknowledgement are stored, "
        f"but only {unclaimed_answers} answers were missing or named no event"
    )
    unknown = stored.keys() - till.customers.generated.keys() - acknowledged_scans - unacknowledged_scans
    assert not unknown, f"events are stored that no client sent, e.g. {sorted(unknown)[:3]}"
    assert people_match(rows, till, phones), "one component has several person ids, or one person id several components"
    _every_scan_has_one_decision(stack)
    _no_id_has_two_contents(stack)
    _every_person_id_was_published(stack)
    wrong = _wrong_balances(stack, till)
    assert not wrong, f"{len(wrong)} balances (stored, expected) are wrong: {dict(list(wrong.items())[:5])}"
    wrong_grants = _wrong_grants(stack)
    assert not wrong_grants, f"grants (stored, expected): {wrong_grants}"
    used_twice = stack.rows(
        "SELECT code FROM coupon_use WHERE given_back_at = 0 AND NOT is_double AND refused = '' GROUP BY code "
        "HAVING uniqExact(redemption_id) > 1"
    )
    assert not used_twice, f"coupons were used twice: {used_twice[:3]}"
    with_points = stack.value("SELECT count() FROM balance WHERE points != 0")
    return Reconciliation(len(till.acknowledged), len(acknowledged_scans), len(stored), with_points)


def _acknowledged_scans(phones: PhoneClients) -> set[str]:
    return {scan.event_id for scan in phones.scans if scan.event_id}


def _acknowledged(till: TillClient, phones: PhoneClients) -> set[str]:
    return till.acknowledged | _acknowledged_scans(phones)


def people_match(rows: list[Json], till: TillClient, phones: PhoneClients) -> bool:
    """Whether person ids are one to one with the components that the identifiers of the stored events connect."""
    identifiers = {scan.event_id: [f"device {scan.phone}"] for scan in phones.scans if scan.event_id}
    for id, event in till.customers.generated.items():
        identifiers[id] = [f"{one['type']} {one['value']}" for one in event["identifiers"]]
    known = [row for row in rows if row["event_id"] in identifiers]
    components = Joined[str]()
    for row in known:
        components.join(identifiers[row["event_id"]])
    pairs = {(components.find(identifiers[row["event_id"]][0]), row["person_id"]) for row in known}
    return len(pairs) == len({root for root, _ in pairs}) == len({person for _, person in pairs})


def _every_scan_has_one_decision(stack: FullStack) -> None:
    scans = {row["event_id"] for row in stack.rows(f"SELECT event_id FROM touchpoint WHERE type IN {SCAN_KINDS}")}
    decided = [row["scan_event_id"] for row in stack.rows("SELECT scan_event_id FROM scan_routed FINAL")]
    assert len(decided) == len(set(decided)), "a scan has two decisions"
    assert set(decided) == scans, f"scans without a decision: {sorted(scans - set(decided))[:3]}"


def _no_id_has_two_contents(stack: FullStack) -> None:
    """A replay writes the same content under the same id, so that it does not matter which row is kept."""
    for table, content in (
        ("reward_posted", "person_id, source_profile_id, rule, source_event_id, points"),
        ("scan_routed", "scan_event_id, person_id, route, destination"),
        ("touchpoint_identified", "person_id, source_profile_id, type, occurred_at, toString(amount)"),
    ):
        conflicts = f"SELECT event_id FROM {table} GROUP BY event_id HAVING uniqExact({content}) > 1"
        assert not stack.rows(conflicts), f"{table} has one id with two contents"
    for person in ("person_id", "source_profile_id"):
        counts = (
            f"SELECT uniqExact(rule, {person}, source_event_id) AS expected, count() AS posted FROM reward_posted FINAL"
        )
        (row,) = stack.rows(counts)
        assert row["expected"] == row["posted"], "one reward was posted under two ids"


def _every_person_id_was_published(stack: FullStack) -> None:
    """A person id that differs from the row's source profile was published as an identity change of that profile."""
    by_event = "SELECT event_id, any(source_profile_id) AS source_profile FROM touchpoint_identified GROUP BY event_id"
    named = "SELECT source_profile_id AS source_profile, person_id"
    for table, person_ids in (
        ("touchpoint_identified", f"{named} FROM touchpoint_identified"),
        ("reward_posted", f"{named} FROM reward_posted WHERE kind = 'earned'"),
        (
            "scan_routed",
            f"SELECT source_profile, person_id FROM scan_routed JOIN ({by_event}) AS touch "
            "ON touch.event_id = scan_event_id",
        ),
    ):
        unpublished = (
            f"SELECT * FROM ({person_ids}) WHERE source_profile != person_id AND (source_profile, person_id) NOT IN "
            "(SELECT source_profile_id, into_person_id FROM identity_changed)"
        )
        assert not stack.rows(unpublished), f"{table} has a person id that no identity change published"


def _wrong_balances(stack: FullStack, till: TillClient) -> dict[str, tuple[int, int]]:
    """(stored, expected) points of each person for whom they differ."""
    expected = points_due(stack, till.customers.generated)
    unlimited = (
        f"SELECT person_id, sum(points) AS points FROM ledger_entry WHERE rule != '{LIMITED}' GROUP BY person_id"
    )
    stored = {row["person_id"]: row["points"] for row in stack.rows(unlimited)}
    both = {person: (stored.get(person, 0), expected.get(person, 0)) for person in stored.keys() | expected.keys()}
    return {person: (has, due) for person, (has, due) in both.items() if has != due}


def _wrong_grants(stack: FullStack) -> dict[str, tuple[int, int]]:
    """(stored, expected) of the budget's points and the pool's coupons, where they differ: whatever was claimed, never
    more than the limit, and all of it once enough was claimed."""
    if not stack.value(f"SELECT count() FROM brand_configured WHERE kind = 'reward' AND id = '{LIMITED}'"):
        return {}
    reviews, entries = (
        stack.value(f"SELECT uniqExact(event_id) FROM touchpoint WHERE type = '{kind}'")
        for kind in ("review_written", "store_entry")
    )
    points = stack.value(f"SELECT sum(points) FROM reward_posted FINAL WHERE rule = '{LIMITED}'")
    coupons = stack.rows(
        f"SELECT count() AS codes, uniqExact(ordinal) AS ordinals FROM coupon WHERE rule = '{GRANTED}'"
    )
    both = {
        "points of the budget": (int(points), min(BUDGET_POINTS, REVIEW_POINTS * reviews)),
        "coupons": (coupons[0]["codes"], min(COUPONS, entries)),
        "numbers of coupons": (coupons[0]["ordinals"], min(COUPONS, entries)),
    }
    return {what: (has, due) for what, (has, due) in both.items() if has != due}


def points_due(stack: FullStack, sent: Mapping[str, Json]) -> dict[str, int]:
    """Points of each person: a fold over the distinct stored events by the brand's reward rules.

    Every event earns on its own, a sale by its amount less the refunds of its stored returns. What limits decide is
    left out.
    """
    query = "SELECT DISTINCT event_id, person_id, type, placement FROM touchpoint"
    rows = {row["event_id"]: row for row in stack.rows(query)}
    bodies = stack.rows("SELECT body FROM brand_configured FINAL WHERE kind = 'reward'")
    rules = [rule for row in bodies if (rule := json.loads(row["body"]))["id"] not in (LIMITED, GRANTED)]
    refunds: dict[str, Decimal] = defaultdict(Decimal)
    for id in rows.keys() & sent.keys():
        if sent[id]["type"] == "return":
            refunds[sent[id]["properties"]["sale_event_id"]] += Decimal(sent[id]["properties"]["amount"])
    due: dict[str, int] = defaultdict(int)
    for id, row in rows.items():
        amount = Decimal(sent[id]["properties"]["amount"]) if row["type"] == "sale" else Decimal()
        due[row["person_id"]] += sum(_points(rule, row, math.floor(amount - refunds[id])) for rule in rules)
    return due


def _points(rule: dict[str, Any], row: Json, units: int) -> int:
    """Points that one event earns by one rule; ``units`` are whole units of its currency."""
    if row["type"] not in rule["on"] or row["placement"] not in (rule.get("placements") or [row["placement"]]):
        return 0
    return int(rule.get("points", 0)) + int(rule.get("points_per_unit", 0)) * units
