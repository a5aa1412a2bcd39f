"""The view budget: what limits over all people have granted, got back, have left, and owe an answer."""

import msgspec

from schemas.brand.campaigns import Campaign
from schemas.events import BrandConfigured, BudgetAnswered, BudgetClaimed
from tests.support.sink_events import micros, uid
from tests.support.sink_store import Store

SPRING = "campaign/spring"


def configured(campaign: Campaign) -> BrandConfigured:
    body = msgspec.json.encode(campaign).decode()
    return BrandConfigured(
        event_id=uid(body), occurred_at=1, kind="campaign", id=campaign.id, version="1", body=body
    )  # fmt: skip


def said(action: str, claim: str, units: int, limit: str = SPRING, number: int = 0) -> BudgetClaimed:
    return BudgetClaimed(
        event_id=uid(f"{action} {claim} {number}"), occurred_at=micros("2026-03-01"), key=f"{limit}/7", limit=limit,
        action=action, claim_id=claim, units=units, person_id=uid("ann"), source_profile_id=uid("ann"), rule="r",
        source_event_id=f"till/{claim}",
    )  # fmt: skip


def answered(claim: str, units: int, outcome: str = "granted", limit: str = SPRING) -> BudgetAnswered:
    return BudgetAnswered(
        event_id=uid(f"answer {claim}"), occurred_at=micros("2026-03-01"), limit=limit, claim_id=claim, outcome=outcome,
        units=units, person_id=uid("ann"), source_profile_id=uid("ann"), rule="r", source_event_id=f"till/{claim}",
    )  # fmt: skip


def test_a_limit_says_what_is_left_of_it(store: Store) -> None:
    store.put([configured(Campaign(id="spring", budget_points=100)), configured(Campaign(id="idle", budget_points=5))])
    store.put([configured(Campaign(id="open"))])
    store.put(
        [
            said("claim", "a", 30),
            said("claim", "a", 30, number=1),  # passed on by a holder that was divided
            said("claim", "b", 60),
            said("claim", "c", 40),
            said("claim", "d", 9),
            said("lease", "", 100),
            said("release", "a", 20),
            said("release", "a", 5, number=1),
            said("claim", "e", 1, "draw/bike"),
        ]
    )  # fmt: skip
    store.put(
        [
            answered("a", 30), answered("b", 60), answered("c", 0, "exhausted"), answered("e", 1, limit="draw/bike"),
        ]
    )  # fmt: skip
    columns = "`limit`, size, granted, released, left, waiting, refused"
    assert store.ask(f"SELECT {columns} FROM budget ORDER BY `limit`") == [
        ("campaign/idle", 5, 0, 0, 5, 0, 0),
        (SPRING, 100, 90, 25, 35, 9, 1),
        ("draw/bike", None, 1, 0, None, 0, 0),
    ]
