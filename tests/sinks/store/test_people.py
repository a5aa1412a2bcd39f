"""The person of an event in the store: merges, late merges, splits, chains and replays."""

import msgspec
import pytest

from schemas.events import IdentityChanged, RewardPosted
from schemas.ids import person_of
from tests.support.sink_events import edge, micros, moved, touchpoint, uid
from tests.support.sink_store import Store

LINEAR = "SELECT channel, conversions FROM attribution(model='linear', lookback_days=90, since='2026-01-01', until='2027-01-01') ORDER BY channel"  # noqa: E501


def people(store: Store) -> dict[str, int]:
    """Touchpoints by person."""
    return dict(store.ask("SELECT person_id::String, touchpoints FROM person"))


def test_identifiers_follow_their_person(store: Store) -> None:
    card, mail, device = "customer:ca", "email:ee", "device:de"
    seen = touchpoint(uid("till"), "ann", "sale", "2026-03-01", amount="1")
    ann = {"person_id": person_of(card), "source_profile_id": person_of(card), "primary_identifier": card}
    phone = {"person_id": person_of(device), "source_profile_id": person_of(device), "primary_identifier": device}
    scan = touchpoint(uid("scan"), "ann", "scan", "2026-03-02")
    nobody = touchpoint(uid("kiosk"), "ann", "scan", "2026-03-02")
    store.put(
        [
            msgspec.structs.replace(seen, **ann),
            msgspec.structs.replace(scan, **phone),
            msgspec.structs.replace(nobody, **(phone | {"primary_identifier": "device:blocked"})),
        ]
    )
    store.put([edge((card, mail), "linked", 1), edge((card, device), "refused", 1, reason="hub")])
    owners = "SELECT hash, person_id::String FROM person_identifier ORDER BY hash"
    assert store.ask(owners) == [("ca", person_of(card)), ("de", person_of(device)), ("ee", person_of(card))]
    merged = IdentityChanged(
        event_id=uid("merge"), change="merged", person_id=person_of(device), into_person_id=person_of(card),
        source_profile_id=person_of(device), version=2, source_event_id=uid("scan"), occurred_at=micros("2026-03-03"),
    )  # fmt: skip
    store.put([merged])
    store.put([merged])
    assert {who for _, who in store.ask(owners)} == {person_of(card)}


def test_a_late_merge_corrects_what_was_stored_before(store: Store) -> None:
    store.put(
        [
            touchpoint(uid("ad"), "phone", "ad_click", "2026-03-01", channel="search", profile="phone"),
            touchpoint(uid("bought"), "card", "sale", "2026-03-02", amount="10", profile="card"),
        ]
    )
    assert people(store) == {uid("phone"): 1, uid("card"): 1}
    assert store.ask(LINEAR) == [("direct", 1.0)]
    store.put([moved("phone", "card", 1)])
    assert people(store) == {uid("card"): 2}
    assert store.ask(LINEAR) == [("search", 1.0)]
    assert store.ask("SELECT person_id::String, channels FROM path") == [(uid("card"), ["search"])]


def test_a_split_gives_each_profile_its_events_back(store: Store) -> None:
    store.put(
        [
            touchpoint(uid("ad"), "phone", "ad_click", "2026-03-01", channel="search", profile="phone"),
            # Identity processed it while both were one person.
            touchpoint(uid("again"), "card", "ad_click", "2026-03-02", channel="social", profile="phone"),
            touchpoint(uid("bought"), "card", "sale", "2026-03-03", amount="10", profile="card"),
        ]
    )
    store.put([moved("phone", "card", 1)])
    assert people(store) == {uid("card"): 3}
    store.put([moved("phone", "phone", 2, "split", before="card")])
    assert people(store) == {uid("phone"): 2, uid("card"): 1}
    assert store.ask(LINEAR) == [("direct", 1.0)]
    # A replayed merge does not undo the split.
    store.put([moved("phone", "card", 1), moved("phone", "card", 1)])
    assert people(store) == {uid("phone"): 2, uid("card"): 1}


def test_of_many_persons_of_a_profile_the_highest_version_holds_in_any_order(store: Store) -> None:
    store.put([touchpoint(uid("scan"), "a", "scan", "2026-03-01", profile="a")])
    for version in (3, 1, 4, 2):
        store.put([moved("a", f"person {version}", version)])
    assert people(store) == {uid("person 4"): 1}
    store.client.command("OPTIMIZE TABLE identity_override FINAL")
    assert people(store) == {uid("person 4"): 1}
    assert store.one("SELECT count() FROM person_now") == 1


def test_a_profile_that_never_changed_its_person_keeps_that_of_its_events(store: Store) -> None:
    store.put([touchpoint(uid("scan"), "family", "scan", "2026-03-01", profile="tablet")])
    assert people(store) == {uid("family"): 1}


def test_points_go_with_the_profile_that_earned_them(store: Store) -> None:
    def posted(profile: str, person: str, points: int) -> RewardPosted:
        return RewardPosted(
            event_id=uid(f"{profile} {points}"), occurred_at=micros("2026-03-01"), person_id=uid(person), kind="earned",
            points=points, rule="welcome", rule_version=1, source_event_id=uid("scan"), source_profile_id=uid(profile),
        )  # fmt: skip

    store.put([posted("phone", "phone", 10), posted("phone", "card", 5), posted("card", "card", 7)])
    balances = "SELECT person_id::String, points FROM balance ORDER BY points"
    store.put([moved("phone", "card", 1)])
    assert store.ask(balances) == [(uid("card"), 22)]
    store.put([moved("phone", "phone", 2, "split", before="card")])
    assert store.ask(balances) == [(uid("card"), 7), (uid("phone"), 15)]


def test_an_override_is_no_touchpoint_of_a_person(store: Store) -> None:
    store.put(
        [
            touchpoint(uid("override"), "p", "identity_unlinked", "2026-01-01", profile="p"),
            touchpoint(uid("scan"), "p", "scan", "2026-03-01", profile="p"),
        ]
    )
    assert people(store) == {uid("p"): 1}
    assert store.one("SELECT toDate(first_seen_at)::String FROM person") == "2026-03-01"


CARD, PHONE, MAIL = "customer:01", "phone:02", "email:03"


def test_an_edge_shows_its_latest_status_and_its_first_event(store: Store) -> None:
    later = edge((CARD, PHONE), "unlinked", 2, cause="operator", at="2026-05-01")
    store.put([later, edge((CARD, PHONE), "linked", 1, cause="sale", at="2026-03-01"), later])
    store.put([edge((CARD, MAIL), "refused", 1, reason="hub", cause="form")])
    found = store.ask(
        "SELECT identifier, other_identifier, status, reason, person_id::String, first_source_event_id, "
        "toDate(occurred_at)::String, decided_by_event_id FROM identity_edge ORDER BY other_identifier"
    )
    own = person_of(CARD)
    assert found == [
        (CARD, MAIL, "refused", "hub", own, "form", "2026-04-01", "form"),
        (CARD, PHONE, "unlinked", "", own, "sale", "2026-03-01", "operator"),
    ]


@pytest.mark.parametrize("identifier", [f"customer:{n:032x}" for n in range(0, 2**128, 2**125)] + ["email:ü", "mac:"])
def test_an_edge_follows_its_person_to_the_current_one(store: Store, identifier: str) -> None:
    store.put([edge((identifier, PHONE), "linked", 1)])
    change = msgspec.structs.replace(moved("x", "winner", 1), source_profile_id=person_of(identifier))
    store.put([change])
    assert store.ask("SELECT person_id::String FROM identity_edge") == [(uid("winner"),)]


def test_refused_edges_are_in_quarantine_with_their_reason_and_all_whom_they_affect(store: Store) -> None:
    refused = [(MAIL, "person_size", "form"), ("device:04", "hub", "visit"), ("device:06", "too_many:device", "visit")]
    store.put(
        [
            edge((CARD, PHONE), "linked", 1),
            *(edge((CARD, other), "refused", 1, reason=reason, cause=cause) for other, reason, cause in refused),
            edge(("customer:09", "device:05"), "refused", 1, reason="too_many:customer"),
            edge(("customer:09", "device:07"), "refused", 1, reason="kept_apart"),
        ]
    )
    change = moved("x", "winner", 1)
    store.put([msgspec.structs.replace(change, source_profile_id=person_of("device:04"))])
    columns = ("identifier", "other_identifier", "first_source_event_id", "reason")
    edges = sorted((CARD, other, cause, reason) for other, reason, cause in refused)
    waiting = "SELECT person_id::String, identifiers, refused, affected::Array(String) FROM identity_quarantine"
    [(person, identifiers, found, affected)] = store.ask(waiting)
    assert (person, identifiers) == (person_of(CARD), [CARD, PHONE])
    assert found == [dict(zip(columns, one, strict=True)) for one in edges]
    assert {*affected} == {person_of(MAIL), uid("winner"), person_of("device:06")}
    store.put([edge((CARD, other), "linked", 2, cause="operator") for other, _, _ in refused])
    assert store.ask(waiting) == []
