"""Who recommended whom, as analysts see it: the latest of both sides, for current people."""

from schemas.events import ReferralChanged
from schemas.ids import derived
from tests.support.sink_events import micros, moved, touchpoint, uid
from tests.support.sink_store import Store

AT = micros("2026-03-02T10:00:00")
VIEW = "SELECT state, reason, points, rule, qualifying_event_id, toString(referrer_person_id) FROM referral"


def said(state: str, version: int, reason: str = "", friend: str = "ben", **fields: object) -> ReferralChanged:
    """What either side of a referral by Ann says."""
    answers = state in ("paid", "blocked", "reversed")
    to = uid(friend if answers else "ann")
    kept = {"rule": "friends", "rule_version": 1, "points": 100} if state in ("kept", "paid", "reversed") else {}
    return ReferralChanged(**{
        "event_id": derived("said", friend, state, str(version)), "occurred_at": AT, "person_id": to,
        "source_profile_id": to, "referral_id": uid(f"ann {friend}"), "state": state, "version": version,
        "referrer_profile_id": uid("ann"), "friend_profile_id": uid(friend), "reason": reason,
        "qualifying_event_id": "" if state == "linked" else "till/sale-1",
        "qualified_at": 0 if state == "linked" else AT, **kept, **fields,
    })  # fmt: skip


def test_the_latest_of_both_sides_counts(store: Store) -> None:
    ann = uid("ann")
    store.put([said("linked", 1)])
    assert store.ask(VIEW) == [("linked", "", 0, "", "", ann)]
    assert store.one("SELECT qualified_at FROM referral") is None
    store.put([said("waiting", 2), said("kept", 3)])
    assert store.ask(VIEW) == [("kept", "", 0, "friends", "sale-1", ann)]
    store.put([said("paid", 1)])
    assert store.ask(VIEW) == [("paid", "", 100, "friends", "sale-1", ann)]
    store.put([said("withdrawn", 4, "returned"), said("paid", 1)])
    assert store.ask(VIEW) == [("withdrawn", "returned", 0, "friends", "sale-1", ann)]
    store.put([said("reversed", 2, "returned"), said("kept", 5), said("reversed", 3, "self")])
    assert store.ask(VIEW) == [("reversed", "self", 0, "friends", "sale-1", ann)]


def test_people_are_those_of_today(store: Store) -> None:
    store.put([said("kept", 1), said("kept", 1, friend="cleo")])
    store.put([moved("ann", "anna", 1)])
    assert {row[5] for row in store.ask(VIEW)} == {uid("anna")}


def test_no_table_of_touchpoints_says_who_recommended_somebody(store: Store) -> None:
    properties = '{"query":{"ref":"x"},"fp_referrer":"' + uid("ann") + '"}'
    plain = '{"referrer":"https://shop.example"}'
    store.put([touchpoint("one", "ben", "scan", "2026-03-01", properties=properties)])
    store.put([touchpoint("two", "ben", "scan", "2026-03-02", properties=plain)])
    assert store.ask("SELECT properties FROM touchpoint_identified ORDER BY occurred_at") == [
        ('{"query":{"ref":"x"},"fp_referrer":""}',),
        (plain,),
    ]
