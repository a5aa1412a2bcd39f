"""The books: what is in the tables, held against what clients were told and what is due to everybody."""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.fire.clients import Phones, Till
from tests.fire.crowd import Json
from tests.oracles.joined import Joined
from tests.stack.whole import Street, wait_until

SCANS = ("scan", "nfc_tap")


@dataclass(frozen=True)
class Figures:
    """What was promised, and what is there: each once, and nothing that was promised is missing."""

    acknowledged: int
    scans_claimed: int
    events_there: int
    people_rewarded: int


def arrived(street: Street, till: Till, phones: Phones, timeout_s: float) -> None:
    """Waits until everything that was promised is there, or until that takes too long: `audit` says what is missing."""
    promised = till.acknowledged | {scan.event for scan in phones.scans if scan.event}

    def is_there() -> bool:
        # Cheap questions first: the whole list is only fetched when it can be complete.
        if street.value("SELECT count() FROM touchpoint") < len(promised):
            return False
        rows = street.rows("SELECT event_id, type, person_id FROM touchpoint")
        scans = sum(row["type"] in SCANS for row in rows)
        decided = street.value("SELECT uniqExact(scan_event_id) FROM scan_routed")
        return (
            promised <= {row["event_id"] for row in rows}
            and decided >= scans
            and are_people(rows, till, phones)
            and not _differences(street, till)
        )

    wait_until(is_there, timeout_s, lambda: f"{audit(street, till, phones)}\n{street._tell()}")


def audit(street: Street, till: Till, phones: Phones) -> Figures:
    """Everything promised is there, once; nothing is there that nobody did; everybody has the points that they earned.

    :raises AssertionError: with what is wrong, by number and by example.
    """
    rows = street.rows("SELECT event_id, type, person_id FROM touchpoint")
    times = Counter(row["event_id"] for row in rows)
    claimed = {scan.event for scan in phones.scans if scan.event}
    promised = till.acknowledged | claimed
    lost = promised - times.keys()
    doubled = {event for event, count in times.items() if count > 1}
    assert not lost, f"{len(lost)} of {len(promised)} acknowledged events are lost, e.g. {sorted(lost)[:3]}"
    assert not doubled, f"{len(doubled)} of {len(times)} events are there twice, e.g. {sorted(doubled)[:3]}"
    unclaimed = {row["event_id"] for row in rows if row["type"] in SCANS} - claimed
    unanswered = len(phones.silences) + sum(not scan.event for scan in phones.scans)
    assert len(unclaimed) <= unanswered, f"{len(unclaimed)} scans are there, but only {unanswered} answers were lost"
    unknown = times.keys() - till.crowd.made.keys() - claimed - unclaimed
    assert not unknown, f"nobody sent {sorted(unknown)[:3]}"
    assert are_people(rows, till, phones), "somebody is two people, or two are one"
    _every_scan_has_one_decision(street)
    _nothing_was_said_in_two_ways(street)
    _every_name_was_told(street)
    differences = _differences(street, till)
    assert not differences, f"{len(differences)} balances (is, due) are wrong: {dict(list(differences.items())[:5])}"
    rewarded = street.value("SELECT count() FROM balance WHERE points != 0")
    return Figures(len(till.acknowledged), len(claimed), len(times), rewarded)


def are_people(rows: list[Json], till: Till, phones: Phones) -> bool:
    """Whether people are what the identifiers of the events that are there connect, no more and no less."""
    seen = {scan.event: [f"device {scan.phone}"] for scan in phones.scans if scan.event}
    for id, event in till.crowd.made.items():
        seen[id] = [f"{one['type']} {one['value']}" for one in event["identifiers"]]
    there = [row for row in rows if row["event_id"] in seen]
    joined = Joined[str]()
    for row in there:
        joined.join(seen[row["event_id"]])
    pairs = {(joined.find(seen[row["event_id"]][0]), row["person_id"]) for row in there}
    return len(pairs) == len({one for one, _ in pairs}) == len({person for _, person in pairs})


def _every_scan_has_one_decision(street: Street) -> None:
    scans = {row["event_id"] for row in street.rows(f"SELECT event_id FROM touchpoint WHERE type IN {SCANS}")}
    decided = [row["scan_event_id"] for row in street.rows("SELECT scan_event_id FROM scan_routed FINAL")]
    assert len(decided) == len(set(decided)), "a scan was decided twice"
    assert set(decided) == scans, f"undecided: {sorted(scans - set(decided))[:3]}"


def _nothing_was_said_in_two_ways(street: Street) -> None:
    """A replay writes the same under the same id: whichever record counts, it says the same."""
    for table, content in (
        ("reward_posted", "person_id, own_person_id, rule, source_event_id, points"),
        ("scan_routed", "scan_event_id, person_id, route, destination"),
        ("touchpoint_identified", "person_id, own_person_id, type, occurred_at, toString(amount)"),
    ):
        two = f"SELECT event_id FROM {table} GROUP BY event_id HAVING uniqExact({content}) > 1"
        assert not street.rows(two), f"{table} has one id with two contents"
    for person in ("person_id", "own_person_id"):
        entries = f"SELECT uniqExact(rule, {person}, source_event_id) AS due, count() AS paid FROM reward_posted FINAL"
        (row,) = street.rows(entries)
        assert row["due"] == row["paid"], "something was paid under two ids"


def _every_name_was_told(street: Street) -> None:
    """Whoever is named otherwise than by their own name has been told to be that person."""
    own = "SELECT event_id, any(own_person_id) AS own FROM touchpoint_identified GROUP BY event_id"
    for table, named in (
        ("touchpoint_identified", "SELECT own_person_id AS own, person_id FROM touchpoint_identified"),
        ("reward_posted", "SELECT own_person_id AS own, person_id FROM reward_posted WHERE kind = 'earned'"),
        (
            "scan_routed",
            f"SELECT own, person_id FROM scan_routed JOIN ({own}) AS touch ON touch.event_id = scan_event_id",
        ),
    ):
        untold = (
            f"SELECT * FROM ({named}) WHERE own != person_id AND (own, person_id) NOT IN "
            "(SELECT own_person_id, into_person_id FROM identity_changed)"
        )
        assert not street.rows(untold), f"{table} names somebody as a person whom nobody told them to be"


def _differences(street: Street, till: Till) -> dict[str, tuple[int, int]]:
    """(is, due) of each person whose balance is not what they are due."""
    due = points_due(street, till.crowd.made)
    balances = {row["person_id"]: row["points"] for row in street.rows("SELECT person_id, points FROM balance")}
    everybody = balances.keys() | due.keys()
    both = {person: (balances.get(person, 0), due.get(person, 0)) for person in everybody}
    return {person: (has, owed) for person, (has, owed) in both.items() if has != owed}


def points_due(street: Street, made: Mapping[str, Json]) -> dict[str, int]:
    """A fold over the distinct events that are there, by the rules of the brand: every event earns by itself, a sale by
    the money that was not given back."""
    query = "SELECT DISTINCT event_id, person_id, type, placement FROM touchpoint"
    rows = {row["event_id"]: row for row in street.rows(query)}
    bodies = street.rows("SELECT body FROM brand_configured FINAL WHERE kind = 'reward'")
    rules = [json.loads(row["body"]) for row in bodies]
    returned: dict[str, Decimal] = defaultdict(Decimal)
    for id in rows.keys() & made.keys():
        if made[id]["type"] == "return":
            returned[made[id]["properties"]["sale_event_id"]] += Decimal(made[id]["properties"]["amount"])
    due: dict[str, int] = defaultdict(int)
    for id, row in rows.items():
        paid = Decimal(made[id]["properties"]["amount"]) if row["type"] == "sale" else Decimal()
        due[row["person_id"]] += sum(_points(rule, row, math.floor(paid - returned[id])) for rule in rules)
    return due


def _points(rule: dict[str, Any], row: Json, units: int) -> int:
    if row["type"] not in rule["on"] or row["placement"] not in (rule.get("placements") or [row["placement"]]):
        return 0
    return int(rule.get("points", 0)) + int(rule.get("points_per_unit", 0)) * units
