"""A small data set for the report: rows for every section, in figures that can be counted by hand."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from schemas.events import (
    Arm,
    Candidate,
    CostReported,
    Event,
    EventRejected,
    ExperimentExposed,
    RewardPosted,
    ScanMissed,
    ScanRouted,
)
from tests.support.sink_events import MICROS, micros, touchpoint, uid
from tests.support.sink_store import Store

START = datetime(2026, 3, 2, tzinfo=UTC)
PEOPLE = 40
BUYERS = {0, 1, 2, 3, 4, 5, 6, 8, 20, 21}
"""Of ten people with decisions (even numbers below 20) five buy, of ten held out (odd ones) three; two have no
touch."""
HOSTILE = "\"><script>alert('&')</script>\u202e\x07"
FORMULA = "=1+cmd|' /C calc'!A0"


def fill(store: Store) -> None:
    """Forty people: a poster, then an advertisement, then perhaps a purchase; and the stream's decisions, rewards and
    rejects."""
    for events in (touchpoints(), decisions(), missed(), exposures(), rewards(), rejects(), costs()):
        store.put(events)


def at(person: int, hours: float = 0) -> datetime:
    return START + timedelta(hours=person + hours)


def touchpoints() -> Iterator[Event]:
    for person in range(PEOPLE):
        name = f"person {person}"
        if person < 20:
            yield touchpoint(
                uid(f"{name} scans"), name, "scan", at(person), channel="out of home", tag="poster-1",
                placement="poster", campaign="spring", store="berlin",
            )  # fmt: skip
            channel = HOSTILE if person == 0 else FORMULA if person == 1 else "search"
            yield touchpoint(uid(f"{name} clicks"), name, "ad_click", at(person, 3), channel=channel, campaign="spring")
        if person in BUYERS:
            yield touchpoint(uid(f"{name} buys"), name, "sale", at(person, 30), amount="10.50")


def decisions() -> Iterator[Event]:
    for person in range(20):
        held_out = person % 2 == 1
        yield ScanRouted(
            event_id=uid(f"answer {person}"),
            scan_event_id=uid(f"person {person} scans"),
            person_id=uid(f"person {person}"),
            occurred_at=micros(at(person)),
            moment="know" if person % 4 else "go",
            route="fallback" if held_out else "poster-story",
            action="redirect",
            destination="https://shop.example",
            inputs=json.dumps({"held_out": held_out}),
            brand_version="1",
            candidates=(Candidate("poster-story", 1, "held_out" if held_out else ""),),
            reply_partition=0,
        )


def missed() -> Iterator[Event]:
    for person, reason in ((3, "late"), (4, "late"), (5, "unavailable")):
        yield ScanMissed(
            event_id=uid(f"miss {person}"),
            scan_event_id=uid(f"person {person} scans"),
            occurred_at=micros(at(person)),
            tag="poster-1",
            destination="https://shop.example",
            reason=reason,
            waited_ms=250.0 + person,
        )


def exposures() -> Iterator[Event]:
    """Three hundred people who do nothing else."""
    for person in range(300):
        yield ExperimentExposed(
            event_id=uid(f"exposure {person}"),
            occurred_at=micros(at(person % 20)),
            person_id=uid(f"shown {person}"),
            source_profile_id=uid(f"shown {person}"),
            experiment="poster-page",
            phase="1-x",
            variant="b" if person % 2 else "a",
            why="drawn",
            arms=(Arm("a", 0.5), Arm("b", 0.5)),
            scan_event_id=uid(f"shown {person} scans"),
            route="poster-story",
            brand_version="1",
        )


def rewards() -> Iterator[Event]:
    for person, points in (*((person, 5) for person in range(20)), (0, -5)):
        yield RewardPosted(
            event_id=uid(f"reward {person} {points}"),
            person_id=uid(f"person {person}"),
            kind="earned" if points > 0 else "reversed",
            points=points,
            rule="scan",
            rule_version=1,
            source_event_id=uid(f"person {person} scans"),
            occurred_at=micros(at(person)),
        )


def rejects() -> Iterator[Event]:
    for number, (stage, reason) in enumerate([("gateway", "malformed")] * 3 + [("sink", "undecodable")]):
        yield EventRejected(
            event_id=uid(f"reject {number}"),
            stage=stage,
            reason=reason,
            detail=HOSTILE,
            field="occurred_at" if stage == "gateway" else "",
            raw=b"{}",
            occurred_at=micros(at(number)),
        )


def costs() -> Iterator[Event]:
    for placement, amount in (("poster", 20), ("", 10)):
        yield CostReported(
            event_id=uid(f"cost {placement}"),
            campaign="spring",
            placement=placement,
            amount_micros=int(amount * MICROS),
            currency="EUR",
            occurred_at=micros(START),
            received_at=micros(START),
            source="test",
        )
