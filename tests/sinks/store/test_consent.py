"""The views of consent say what the permission of the stream says: for histories of several source profiles, at any
time, before and after merges and splits."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from schemas.brand.consent import Consent
from schemas.consent.choices import NOTHING_SAID, Choice, Consents
from schemas.consent.permission import permission
from schemas.events import ConsentChanged
from schemas.ids import hash64
from tests.support.seeds import draw_seed
from tests.support.sink_events import micros, moved, uid
from tests.support.sink_store import Store

DAY = datetime(2026, 3, 1, tzinfo=UTC)
HEEDING = {"identity": Consent(id="identity", gpc=("DE",)), "marketing": Consent(id="marketing", default="opt_in")}


def said(
    who: str,
    after: str,
    day: int,
    purpose: str = "identity",
    channel: str = "",
    kind: str = "choice",
    expires: int = 0,
    number: int = 0,
) -> ConsentChanged:
    source = f"{who}-{purpose}-{channel}-{kind}-{day}-{number}"
    return ConsentChanged(
        event_id=uid(f"c-{source}"),
        occurred_at=micros(DAY + timedelta(days=day)),
        person_id=uid(who),
        source_profile_id=uid(who),
        purpose=purpose,
        channel=channel,
        kind=kind,
        after=after,
        expires_at=micros(DAY + timedelta(days=expires)) if expires else 0,
        policy_version="2",
        source_event_id=f"till/{source}",
    )


def allowed(store: Store, day: float, purpose: str = "identity") -> dict[str, tuple[bool, str, bool]]:
    at = (DAY + timedelta(days=day)).strftime("%Y-%m-%d %H:%M:%S")
    rows = store.ask(
        f"SELECT person_id::String, allowed, said, conflicting FROM consent_at(time='{at}') WHERE purpose = '{purpose}'"
    )
    return {who: (bool(may), what, bool(conflict)) for who, may, what, conflict in rows}


def test_the_latest_by_then_counts(store: Store) -> None:
    store.put([said("ann", "granted", 1), said("ann", "withdrawn", 3), said("ann", "granted", 2)])
    assert [allowed(store, day).get(uid("ann"), ("", ""))[1] for day in (0.5, 1.5, 2.5, 3.5)] == [
        "", "granted", "granted", "withdrawn",
    ]  # fmt: skip
    now = store.ask("SELECT purpose, allowed, said, policy_version, source_event_id, source_namespace FROM consent")
    assert now == [("identity", 0, "withdrawn", "2", "ann-identity--choice-3-0", "till")]


def test_of_two_at_one_time_the_withdrawal_counts_and_what_expired_does_not(store: Store) -> None:
    store.put([said("ann", "withdrawn", 1), said("ann", "granted", 1, number=1)])
    store.put([said("ben", "granted", 1, expires=3)])
    assert allowed(store, 2) == {uid("ann"): (False, "withdrawn", False), uid("ben"): (True, "granted", False)}
    assert allowed(store, 3)[uid("ben")] == (False, "", False)


def test_a_merge_takes_the_most_restrictive_and_a_split_gives_back(store: Store) -> None:
    store.put([said("ann", "granted", 1), said("ben", "withdrawn", 1)])
    store.put([moved("ben", "ann", 1)])
    assert allowed(store, 2) == {uid("ann"): (False, "withdrawn", False)}
    store.put([moved("ben", "ben", 2, change="split", before="ann")])
    assert allowed(store, 2) == {uid("ann"): (True, "granted", False), uid("ben"): (False, "withdrawn", False)}


def test_a_later_grant_conflicts_with_the_browser_and_is_stronger(store: Store) -> None:
    store.put([said("ann", "withdrawn", 2, kind="gpc"), said("ann", "granted", 1)])
    store.put([said("ben", "withdrawn", 2, kind="gpc"), said("ben", "granted", 3)])
    store.put([said("cleo", "withdrawn", 2, purpose="", kind="gpc")])
    assert allowed(store, 4) == {uid("ann"): (False, "gpc", False), uid("ben"): (True, "granted", True)}


@pytest.mark.parametrize("merge", [False, True])
def test_the_views_and_the_stream_agree(store: Store, merge: bool) -> None:
    chance = random.Random(draw_seed())
    events = [
        said(
            f"p{chance.randint(0, 7)}",
            chance.choice(("granted", "withdrawn")),
            chance.randint(0, 9),
            expires=chance.choice((0, 0, 0, 12)),
            number=number,
        )
        for number in range(24)
    ]
    events += [said(f"p{chance.randint(0, 7)}", "withdrawn", chance.randint(0, 9), kind="gpc") for _ in range(4)]
    store.put(events)
    people = {f"p{number}": [f"p{number}"] for number in range(8)}
    if merge:
        store.put([moved(f"p{number}", f"p{number - 4}", 1) for number in range(4, 8)])
        people = {f"p{number}": [f"p{number}", f"p{number + 4}"] for number in range(4)}
    for day in (2, 5, 11, 13):
        found = allowed(store, day)
        for person, profiles in people.items():
            may, said_, conflicting = found.get(uid(person), (False, "", False))
            at = micros(DAY + timedelta(days=day))
            expected = permission(consents(events, profiles), "identity", at, HEEDING, "DE")
            why = "" if expected.why == "opt_out" else expected.why
            assert (may or not said_, said_, conflicting) == (expected.allowed, why, expected.conflicting)


def consents(events: Sequence[ConsentChanged], profiles: Sequence[str]) -> list[Consents]:
    by_profile: Mapping[str, list[ConsentChanged]] = {
        profile: [e for e in events if e.source_profile_id == uid(profile)] for profile in profiles
    }
    found = []
    for stated in by_profile.values():
        known = NOTHING_SAID
        for e in stated:
            if e.kind == "gpc":
                known = known.with_gpc(e.occurred_at)
            else:
                choice = Choice(e.occurred_at, e.after == "granted", hash64(e.source_event_id), e.expires_at)
                known = known.with_choice(("identity",), choice)
        found.append(known)
    return found
