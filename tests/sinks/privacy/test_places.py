"""Every table that names people forgets them, and the sums of everybody stay."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from schemas.events import (
    Arm,
    BudgetAnswered,
    BudgetClaimed,
    ConsentChanged,
    CouponChanged,
    Event,
    EventRejected,
    ExperimentExposed,
    IdentityChanged,
    IdentityMatched,
    ProfileShown,
    ReferralChanged,
    ReferralEdge,
    RewardPosted,
    ScanRouted,
    StateMoved,
    TouchpointRecorded,
)
from sinks.clickhouse.writer import build_client
from sinks.privacy.erase import erase, remaining
from sinks.privacy.places import NOT_PERSONAL, PLACES
from tests.support.seeds import draw_seed
from tests.support.sink_events import micros, moved, touchpoint, uid
from tests.support.sink_store import Store

SUMS = (
    *(
        f"SELECT '{model}', channel, toString(revenue), round(conversions, 6) "
        f"FROM attribution(model='{model}', lookback_days=90, since='2026-01-01', until='2027-01-01') ORDER BY channel"
        for model in ("first", "last", "linear", "time_decay")
    ),
    "SELECT currency, toString(sum(revenue)), count() FROM sale GROUP BY currency ORDER BY currency",
    "SELECT sum(points), sum(entries) FROM balance",
    "SELECT type, count(), toString(sum(amount)) FROM touchpoint_identified FINAL GROUP BY type ORDER BY type",
    "SELECT variant, people, exposures, conversions, revenue, drawn FROM experiment(experiment='cta', phase='')",
)
VIEWS = ("first", "last", "linear", "decay", "sales", "points", "touchpoints by type", "experiment")


def everything_of(name: str, chance: random.Random) -> list[list[Event]]:
    """What the store may have of somebody with a card and a phone, topic by topic."""
    device, at = f"{name}'s phone", f"2026-03-{chance.randint(1, 9):02}T{chance.randint(8, 18):02}:00:00"
    scan = touchpoint(f"{name}-scan", name, "scan", at, profile=device, campaign="spring", properties=secret(name))
    sale = touchpoint(f"till/{name}-sale", name, "sale", f"2026-03-1{chance.randint(0, 9)}", f"{chance.randint(1, 99)}",
                      profile=name, properties=secret(name))  # fmt: skip
    recorded = [
        TouchpointRecorded(**{f: getattr(one, f) for f in TouchpointRecorded.__struct_fields__}) for one in (scan, sale)
    ]
    person = uid(name)
    return [
        [scan, sale],
        list(recorded),
        [moved(device, name, 1)],
        [
            IdentityChanged(event_id=uid(f"edge {name}"), occurred_at=micros(at), change="linked", person_id=person,
                            identifier=f"customer:{name}", other_identifier=f"device:{name}", source_event_id="s")
        ],
        [
            ScanRouted(event_id=uid(f"routed {name}"), occurred_at=micros(at), scan_event_id=f"{name}-scan",
                       person_id=person, moment="buy", route="r", action="page", destination="/", candidates=(),
                       inputs=secret(name), brand_version="1")
        ],
        [
            RewardPosted(event_id=uid(f"points {name}"), occurred_at=micros(at), person_id=person, kind="earned",
                         points=chance.randint(1, 50), rule="sales", rule_version=1,
                         source_event_id=f"till/{name}-sale", source_profile_id=uid(name))
        ],
        [
            ExperimentExposed(event_id=uid(f"exposed {name}"), occurred_at=micros(at), person_id=person,
                              source_profile_id=uid(device), experiment="cta", phase="1-x", variant="a", why="drawn",
                              arms=(Arm("a", 0.5), Arm("b", 0.5)), scan_event_id=f"{name}-scan", route="r",
                              brand_version="1")
        ],
        [
            BudgetClaimed(event_id=uid(f"claim {name}"), occurred_at=micros(at), key="campaign/spring/7",
                          limit="campaign/spring", action="claim", claim_id=uid(f"points {name}"), units=5,
                          person_id=person, source_profile_id=uid(device), rule="r", source_event_id=f"{name}-scan")
        ],
        [
            BudgetAnswered(event_id=uid(f"answer {name}"), occurred_at=micros(at), limit="campaign/spring",
                           claim_id=uid(f"points {name}"), outcome="granted", units=5, person_id=person,
                           source_profile_id=uid(device), rule="r", source_event_id=f"{name}-scan")
        ],
        [
            ReferralChanged(event_id=uid(f"referral {name} {side}"), occurred_at=micros(at), person_id=uid(to),
                            source_profile_id=uid(to), referral_id=uid(f"referral {name}"), state=state, version=1,
                            referrer_profile_id=uid(one), friend_profile_id=uid(other), qualified_at=micros(at),
                            ties=(7,), lineage=(ReferralEdge(1, 2, 3),))
            for one, other in ((name, "somebody"), ("somebody", device))
            for side, state, to in ((f"{one} friend", "kept", one), (f"{one} referrer", "paid", other))
        ],
        [
            CouponChanged(event_id=uid(f"coupon {name}"), occurred_at=micros(at), code=f"K0{name.upper()}", pool="five",
                          ordinal=0, state="issued", version=1, person_id=person, source_profile_id=uid(device),
                          rule="five", source_event_id=f"till/{name}-sale")
        ],
        [
            ConsentChanged(event_id=uid(f"consent {name}"), occurred_at=micros(at), person_id=person,
                           source_profile_id=uid(device), purpose="marketing", channel="email", kind="choice",
                           after="granted", proof=secret(name), source_event_id=f"till/{name}-consent")
        ],
        [
            ProfileShown(event_id=uid(f"look {name}"), occurred_at=micros(at), request_id="r", source="tablet",
                         via="page", identifier=f"customer:{name}", outcome="shown")
        ],
        [
            IdentityMatched(event_id=uid(f"match {name}"), occurred_at=micros(at), change="linked", block="b",
                            person_id=uid(name), other_person_id=uid("somebody"), source_event_id="s")
        ],
        [
            StateMoved(event_id=uid(f"move {name}"), occurred_at=micros(at), processor="context",
                       winner_person_id=person, loser_person_id=uid(device), state=secret(name).encode(),
                       source_event_id="s", source_profile_id=uid(device))
        ],
        [
            EventRejected(event_id=uid(f"reject {name}"), occurred_at=micros(at), stage="context", reason="invalid",
                          detail=secret(name), source_event_id=f"till/{name}-sale", raw=secret(name).encode())
        ],
    ]  # fmt: skip


def secret(name: str) -> str:
    return f'{{"note":"secret-{name}"}}'


def fill(store: Store, names: Sequence[str], seed: int) -> None:
    chance = random.Random(seed)
    for events in zip(*(everything_of(name, chance) for name in names), strict=True):
        store.put([event for of_one in events for event in of_one])


def sums(store: Store) -> dict[str, Any]:
    return {what: store.ask(query) for what, query in zip(VIEWS, SUMS, strict=True)}


def named_in(store: Store, *words: str) -> list[str]:
    """Tables, and how many of their rows have one of the words in any column."""
    columns: dict[str, list[str]] = {}
    for table, column in store.ask(
        "SELECT table, name FROM system.columns WHERE database = 'footpath' AND table != 'profile_erased' "
        "AND match(type, 'String|UUID|Tuple') AND table IN "
        "(SELECT name FROM system.tables WHERE database = 'footpath' AND engine LIKE '%MergeTree' AND total_rows > 0)"
    ):
        columns.setdefault(table, []).append(column)
    parts = [
        f"SELECT '{table}' AS place, countIf(multiSearchAny(concat({', '.join(f'toString({one})' for one in names)}), "
        f"{list(words)})) AS rows FROM {table}"
        for table, names in columns.items()
    ]
    return [f"{place}: {rows}" for place, rows in store.ask(" UNION ALL ".join(parts)) if rows]


def forget(store: Store, name: str, anonymous: UUID | None = None) -> dict[str, int]:
    async def run() -> dict[str, int]:
        client = await build_client(store.part.url)
        try:
            whom = (uid(name), uid(f"{name}'s phone")), (f"customer:{name}", f"device:{name}")
            counts = await erase(client, *whom, anonymous or uuid4())
            assert await remaining(client, *whom, UUID(int=0)) == 0
            return counts
        finally:
            await client.close()

    return asyncio.run(run())


def test_every_table_is_a_place_or_names_nobody(store: Store) -> None:
    tables = {
        name
        for (name,) in store.ask(
            "SELECT name FROM system.tables WHERE database = 'footpath' AND engine LIKE '%MergeTree'"
        )
    }
    assert tables == {place.table for place in PLACES} | NOT_PERSONAL


def test_whoever_is_erased_stands_nowhere_and_all_sums_stay(store: Store) -> None:
    fill(store, ("ann", "bob", "eve"), draw_seed())
    before = sums(store)
    assert named_in(store, "secret-ann", uid("ann"), "customer:ann")
    counts = forget(store, "ann")
    assert min(counts.values()) > 0, counts
    assert named_in(store, "secret-ann", uid("ann"), uid("ann's phone"), ":ann") == []
    assert sums(store) == before and before["last"] and before["points"][0][0]
    assert len(named_in(store, "secret-bob")) == len(named_in(store, "secret-eve")) > 5
    assert store.one("SELECT uniqExact(person_id) FROM touchpoint") == 3, "her path stays one person's"


def test_erasing_twice_is_erasing_once(store: Store) -> None:
    fill(store, ("ann", "bob"), draw_seed())
    before, anonymous = sums(store), uuid4()
    forget(store, "ann", anonymous)
    assert set(forget(store, "ann", anonymous).values()) == {0}
    assert sums(store) == before


@pytest.mark.parametrize("done", [1, 3, 5])
def test_an_interrupted_erasure_goes_on(store: Store, done: int, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store, ("ann", "bob"), draw_seed())
    before, anonymous = sums(store), uuid4()
    statements: list[str] = []

    from sinks.privacy import erase as module

    whole = module._forget

    async def dies(client: Any, place: Any, parameters: Any) -> tuple[str, int]:
        statements.append(place.table)
        if len(statements) > done:
            raise ConnectionError
        return await whole(client, place, parameters)

    monkeypatch.setattr(module, "_forget", dies)
    with pytest.raises(ConnectionError):
        forget(store, "ann", anonymous)
    monkeypatch.undo()
    forget(store, "ann", anonymous)
    assert named_in(store, "secret-ann", uid("ann"), uid("ann's phone"), ":ann") == []
    assert sums(store) == before


def test_of_an_event_of_two_people_the_other_one_stays(store: Store) -> None:
    shared = touchpoint("e", "bob", "sale", "2026-03-01", "5", profile="bob", properties=secret("bob"))
    shared = msgspec.structs.replace(shared, identifiers=("customer:bob", "device:ann"))
    store.put([shared])
    forget(store, "ann")
    assert store.ask("SELECT primary_identifier, identifiers, properties FROM touchpoint_identified") == [
        ("customer:bob", ["customer:bob"], secret("bob"))
    ]
