"""Who an event belongs to in the store: merges, late merges, splits, chains, replays and events of before."""

import io
from pathlib import Path
from typing import Any

import fastavro
import msgspec
import pytest

from schemas.codec import MARKER, revisions
from schemas.events import IdentityChanged, RewardPosted, TouchpointIdentified
from schemas.ids import person_of
from schemas.topics import BY_EVENT
from sinks.store import migrate as store_files
from sinks.store.migrate import migrate, migrations
from tests.parts import start_clickhouse
from tests.sinks.events import edge, merged, micros, named, touchpoint, uid
from tests.sinks.store import Came, Store

LINEAR = "SELECT channel, conversions FROM attribution(model='linear', lookback_days=90, since='2026-01-01', until='2027-01-01') ORDER BY channel"  # noqa: E501


def people(store: Store) -> dict[str, int]:
    """Touchpoints by person."""
    return dict(store.ask("SELECT person_id::String, touchpoints FROM person"))


def first_revision(event: TouchpointIdentified | IdentityChanged) -> Came:
    """The record as it was written before own people had names."""
    topic = BY_EVENT[type(event)]
    oldest = revisions(topic)[0]
    known = {field["name"] for field in oldest.document["fields"]}
    body = io.BytesIO()
    plain: dict[str, Any] = msgspec.to_builtins(event, builtin_types=(bytes,))
    fastavro.schemaless_writer(body, oldest.parsed, {name: value for name, value in plain.items() if name in known})
    return Came(topic.name, MARKER + oldest.fingerprint + body.getvalue())


def test_a_late_merge_corrects_what_was_stored_before(store: Store) -> None:
    store.put(
        [
            touchpoint(uid("ad"), "phone", "ad_click", "2026-03-01", channel="search", own="phone"),
            touchpoint(uid("bought"), "card", "sale", "2026-03-02", amount="10", own="card"),
        ]
    )
    assert people(store) == {uid("phone"): 1, uid("card"): 1}
    assert store.ask(LINEAR) == [("direct", 1.0)]
    store.put([named("phone", "card", 1)])
    assert people(store) == {uid("card"): 2}
    assert store.ask(LINEAR) == [("search", 1.0)]
    assert store.ask("SELECT person_id::String, channels FROM path") == [(uid("card"), ["search"])]


def test_a_split_gives_back_what_was_each_ones_own(store: Store) -> None:
    store.put(
        [
            touchpoint(uid("ad"), "phone", "ad_click", "2026-03-01", channel="search", own="phone"),
            # It passed while both were one person.
            touchpoint(uid("again"), "card", "ad_click", "2026-03-02", channel="social", own="phone"),
            touchpoint(uid("bought"), "card", "sale", "2026-03-03", amount="10", own="card"),
        ]
    )
    store.put([named("phone", "card", 1)])
    assert people(store) == {uid("card"): 3}
    store.put([named("phone", "phone", 2, "split", was="card")])
    assert people(store) == {uid("phone"): 2, uid("card"): 1}
    assert store.ask(LINEAR) == [("direct", 1.0)]
    # Whoever replays the merge does not undo the split.
    store.put([named("phone", "card", 1), named("phone", "card", 1)])
    assert people(store) == {uid("phone"): 2, uid("card"): 1}


def test_of_many_names_the_highest_version_holds_in_any_order(store: Store) -> None:
    store.put([touchpoint(uid("scan"), "a", "scan", "2026-03-01", own="a")])
    for version in (3, 1, 4, 2):
        store.put([named("a", f"name {version}", version)])
    assert people(store) == {uid("name 4"): 1}
    store.client.command("OPTIMIZE TABLE identity_override FINAL")
    assert people(store) == {uid("name 4"): 1}
    assert store.one("SELECT count() FROM person_now") == 1


def test_an_anchor_that_never_had_another_name_keeps_the_one_it_came_with(store: Store) -> None:
    store.put([touchpoint(uid("scan"), "family", "scan", "2026-03-01", own="tablet")])
    assert people(store) == {uid("family"): 1}


def test_points_go_with_the_part_that_earned_them(store: Store) -> None:
    def posted(own: str, person: str, points: int) -> RewardPosted:
        return RewardPosted(
            event_id=uid(f"{own} {points}"), occurred_at=micros("2026-03-01"), person_id=uid(person), kind="earned",
            points=points, rule="welcome", rule_version=1, source_event_id=uid("scan"), own_person_id=uid(own),
        )  # fmt: skip

    store.put([posted("phone", "phone", 10), posted("phone", "card", 5), posted("card", "card", 7)])
    balances = "SELECT person_id::String, points FROM balance ORDER BY points"
    store.put([named("phone", "card", 1)])
    assert store.ask(balances) == [(uid("card"), 22)]
    store.put([named("phone", "phone", 2, "split", was="card")])
    assert store.ask(balances) == [(uid("card"), 7), (uid("phone"), 15)]


def test_events_and_steps_of_before_still_lead_to_the_person_of_now(store: Store) -> None:
    touches = [touchpoint(uid(f"scan {one}"), one, "scan", "2026-03-01") for one in "abc"]
    assert store.offer(BY_EVENT[TouchpointIdentified], [first_revision(touch) for touch in touches])
    steps = [first_revision(merged("a", "b")), first_revision(merged("b", "c"))]
    assert store.offer(BY_EVENT[IdentityChanged], steps)
    assert people(store) == {uid("c"): 3}
    store.put([named("c", "d", 1)])
    assert people(store) == {uid("d"): 3}, "from the end of the steps on by name"
    store.put([named("a", "a", 1, "split", was="d")])
    assert people(store) == {uid("d"): 2, uid("a"): 1}


def test_an_upgrade_keeps_who_was_merged_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = start_clickhouse(tmp_path)
    try:
        everything = migrations()
        with monkeypatch.context() as before:
            before.setattr(store_files, "migrations", lambda: everything[:12])
            before.setattr(store_files, "views", list)
            migrate(part.url)
            old = Store(part)
            columns = "event_id, change, person_id, into_person_id, occurred_at, _partition, _offset"
            rows = [
                f"('{uid(a + b)}', 'merged', '{uid(a)}', '{uid(b)}', '2026-03-01', 0, {offset})"
                for offset, (a, b) in enumerate([("a", "b"), ("b", "c")])
            ]
            old.client.command(f"INSERT INTO identity_changed ({columns}) VALUES {', '.join(rows)}")
            old.client.command(
                "INSERT INTO touchpoint_identified (event_id, type, occurred_at, person_id) "
                f"VALUES ('{uid('scan')}', 'scan', '2026-03-01', '{uid('a')}')"
            )
        migrate(part.url)
        assert people(old) == {uid("c"): 1}
        assert old.one("SELECT count() FROM identity_override") == 2
        old.put([named("a", "z", 1)])
        assert people(old) == {uid("z"): 1}
    finally:
        part.stop()


def test_an_operators_word_is_no_touchpoint_of_a_person(store: Store) -> None:
    store.put(
        [
            touchpoint(uid("word"), "p", "identity_unlinked", "2026-01-01", own="p"),
            touchpoint(uid("scan"), "p", "scan", "2026-03-01", own="p"),
        ]
    )
    assert people(store) == {uid("p"): 1}
    assert store.one("SELECT toDate(first_seen_at)::String FROM person") == "2026-03-01"


CARD, PHONE, MAIL = "customer:01", "phone:02", "email:03"


def test_an_edge_shows_its_latest_verdict_and_its_first_event(store: Store) -> None:
    later = edge((CARD, PHONE), "unlinked", 2, cause="operator", at="2026-05-01")
    store.put([later, edge((CARD, PHONE), "linked", 1, cause="sale", at="2026-03-01"), later])
    store.put([edge((CARD, MAIL), "refused", 1, reason="hub", cause="form")])
    found = store.ask(
        "SELECT identifier, other_identifier, verdict, reason, person_id::String, first_source_event_id, "
        "toDate(occurred_at)::String, decided_by_event_id FROM identity_edge ORDER BY other_identifier"
    )
    own = person_of(CARD)
    assert found == [
        (CARD, MAIL, "refused", "hub", own, "form", "2026-04-01", "form"),
        (CARD, PHONE, "unlinked", "", own, "sale", "2026-03-01", "operator"),
    ]


@pytest.mark.parametrize("identifier", [f"customer:{n:032x}" for n in range(0, 2**128, 2**125)] + ["email:ü", "mac:"])
def test_an_edge_follows_its_person_to_the_name_of_now(store: Store, identifier: str) -> None:
    store.put([edge((identifier, PHONE), "linked", 1)])
    now = msgspec.structs.replace(named("x", "winner", 1), own_person_id=person_of(identifier))
    store.put([now])
    assert store.ask("SELECT person_id::String FROM identity_edge") == [(uid("winner"),)]


def test_a_person_over_the_limit_waits_with_what_was_refused(store: Store) -> None:
    store.put(
        [
            edge((CARD, PHONE), "linked", 1),
            edge((CARD, MAIL), "refused", 1, reason="person_size", cause="form"),
            edge((CARD, "device:04"), "refused", 1, reason="hub"),
            edge(("customer:09", "device:05"), "refused", 1, reason="too_many:customer"),
        ]
    )
    waiting = "SELECT person_id::String, identifiers, refused FROM identity_quarantine"
    refused = {"identifier": CARD, "other_identifier": MAIL, "first_source_event_id": "form"}
    assert store.ask(waiting) == [(person_of(CARD), [CARD, PHONE], [refused])]
    store.put([edge((CARD, MAIL), "linked", 2, cause="operator")])
    assert store.ask(waiting) == []
