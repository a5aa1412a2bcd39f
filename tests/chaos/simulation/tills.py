"""The scenario of coupons: tills reserve, redeem and give back the same few coupons, repeat themselves, leave baskets
standing, and return sales, while owners of partitions end or work on as zombies."""

import random
from collections import defaultdict
from decimal import Decimal
from typing import Any, NamedTuple
from unittest.mock import patch

import msgspec

from processors.coupons import baskets, changes, tills
from processors.coupons import core as coupons
from processors.coupons.actions import IMPORT, REDEEM, RELEASE, RESERVE, RETURN, sale_key
from processors.coupons.changes import DOUBLE_REDEMPTION, REDEEMED
from processors.coupons.state import Held
from schemas.brand.coupon_pools import CouponPool, Discount
from schemas.coupons.basket import written_basket
from schemas.events import CouponAnswered, CouponChanged, CouponRequested
from schemas.ids import derived
from tests.chaos.simulation.case import Case, Outcome
from tests.chaos.simulation.cluster import run, stamp_ms
from tests.chaos.simulation.scenarios import Scenario, faults
from tests.chaos.simulation.schedule import Schedule
from tests.support.coupons import basket, pools_of
from tests.support.workload import Workload

EVENTS, LONG_EVENTS, LONG_EVERY = 24, 60, 25
CODES = ("ANNA", "BEN", "CLE0")
POOL = CouponPool(
    id="five", title="Five off", size=100, discount=Discount(amount=Decimal(5)), codes="imported", reservation_minutes=1
)
POOLED = pools_of(POOL)
RESERVATION_SECOND_US, KEPT_US = 5_000, 600_000
"""Reservations end and baskets are forgotten while the case runs: a minute is 300 ms."""


class Use(NamedTuple):
    """A redemption that a till has in mind."""

    id: str
    code: str
    basket: str
    sale: str


class Redeeming(Scenario):
    """Its history is that of a seed."""

    def case(self, seed: int) -> Case:
        history = requests(random.Random(f"tills {seed}"), LONG_EVENTS if seed % LONG_EVERY == 0 else EVENTS)
        return Case(seed, history, faults(random.Random(f"faults {seed}"), 3 * len(history)), gradual=True)

    def run(self, case: Case, schedule: Schedule | None = None) -> Outcome:
        with (
            patch.object(tills, "MICROS", RESERVATION_SECOND_US),
            patch.object(baskets, "KEPT_US", KEPT_US),
            patch.object(changes, "UNANSWERED_US", KEPT_US),
        ):
            return run(self.core.PROCESSOR, POOLED, case, schedule)


def requests(rng: random.Random, most: int) -> tuple[CouponRequested, ...]:
    """The codes are imported; then tills ask, some of them again, and some sales go back."""
    events = [_imported(code, number) for number, code in enumerate(CODES)]
    uses: list[Use] = []
    for number in range(len(CODES), most):
        luck = rng.random()
        if not uses or luck < 0.4:
            id = f"tills/use-{number}"
            meets = f"tills/basket-{number // 4}" if rng.random() < 0.5 else ""
            uses.append(Use(id, rng.choice(CODES), meets, derived("sale", id) if rng.random() < 0.7 else ""))
            events.append(_asked(rng.choice((RESERVE, REDEEM, REDEEM)), uses[-1], number))
        elif luck < 0.5:
            events.append(rng.choice([event for event in events if not event.request_id]))
        elif luck < 0.85:
            events.append(_asked(rng.choice((RESERVE, REDEEM, REDEEM, RELEASE)), rng.choice(uses), number))
        elif sold := [use for use in uses if use.sale]:
            events.append(_returned(rng.choice(sold), number))
    return tuple(events)


def _imported(code: str, number: int) -> CouponRequested:
    return CouponRequested(
        event_id=derived("import", code), occurred_at=_at(number), key=code, action=IMPORT, code=code, pool=POOL.id
    )


def _asked(action: str, use: Use, number: int) -> CouponRequested:
    id = derived("request", use.id, str(number))
    return CouponRequested(
        event_id=id,
        occurred_at=_at(number),
        received_at=_at(number),
        key=use.code,
        action=action,
        code=use.code,
        source="till",
        store="mitte",
        redemption_id=use.id,
        basket=written_basket(msgspec.structs.replace(basket("30"), id=use.basket)),
        sale_event_id=use.sale,
        request_id=id,
        reply_partition=0,
    )


def _returned(use: Use, number: int) -> CouponRequested:
    """The whole sale."""
    return CouponRequested(
        event_id=derived("return", use.sale),
        occurred_at=_at(number),
        key=sale_key(use.sale),
        action=RETURN,
        sale_event_id=use.sale,
        source_event_id=derived("return of", use.sale),
        amount_micros=25_000_000,
        currency="EUR",
    )


def _at(number: int) -> int:
    return stamp_ms(number) * 1000


def one_winner_each(processor: Any, history: tuple[CouponRequested, ...]) -> Any:
    """Each request has one answer. A coupon is redeemed once, and again only after it was given back; who was told so
    has it in the books. What a sale used that went back is free."""
    asked = {event.request_id: event for event in history if event.request_id}
    given_back = {event.redemption_id for event in history if event.action == RELEASE}
    returned = {event.sale_event_id for event in history if event.action == RETURN}

    def check(outcome: Outcome) -> None:
        contents = {id for id, raw in outcome.effects.items() if len(raw) > 1}
        assert not contents, f"one id, several contents: {sorted(contents)}"
        answers = {event.request_id: event for event in outcome.events.values() if isinstance(event, CouponAnswered)}
        assert answers.keys() == asked.keys(), f"not answered: {sorted(asked.keys() - answers.keys())}"
        rows = _rows(outcome)
        for code, of_coupon in rows.items():
            _redeemed_in_turn(code, of_coupon)
        booked = {(row.code, row.redemption_id) for of_coupon in rows.values() for row in of_coupon if _is_use(row)}
        for id, answer in answers.items():
            if answer.status == 200 and msgspec.json.decode(answer.body)["state"] == REDEEMED:
                use = asked[id].code, asked[id].redemption_id
                # A till that gives back while its basket decides may be told so first.
                assert use in booked or use[1] in given_back, f"{use} was told to be redeemed, and is in no row"
        for held in (state for state in outcome.states.values() if isinstance(state, Held)):
            use_now = held.coupon.use if held.coupon is not None else None
            assert use_now is None or use_now.state == REDEEMED, f"{use_now} is not over"
            assert use_now is None or use_now.sale_event_id not in returned, f"{use_now} went back with its sale"

    return check


def _rows(outcome: Outcome) -> dict[str, list[CouponChanged]]:
    """The changes of each coupon in the order of its versions, of which each is there once."""
    rows: dict[str, list[CouponChanged]] = defaultdict(list)
    for event in outcome.events.values():
        if isinstance(event, CouponChanged):
            rows[event.code].append(event)
    for code, of_coupon in rows.items():
        of_coupon.sort(key=lambda row: row.version)
        versions = [row.version for row in of_coupon]
        assert len(versions) == len(set(versions)), f"{code} has a version twice: {versions}"
    return rows


def _redeemed_in_turn(code: str, rows: list[CouponChanged]) -> None:
    user = ""
    for row in rows:
        if _is_use(row):
            assert user in ("", row.redemption_id), (
                f"{code} was redeemed by {row.redemption_id}, and had been by {user}"
            )
            user = row.redemption_id
        elif row.state != REDEEMED:
            user = ""


def _is_use(row: CouponChanged) -> bool:
    return row.state == REDEEMED and row.reason != DOUBLE_REDEMPTION


REDEEMING = Redeeming("coupons at tills", coupons, Workload(), one_winner_each)
