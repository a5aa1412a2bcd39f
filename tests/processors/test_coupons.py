"""Coupons on a real Kafka: of many tills one has each, whatever is killed; nobody is told two things."""

import json
import random
import time
from collections import Counter, defaultdict

import msgspec
import pytest

from schemas.coupons.basket import Basket, written_basket
from schemas.coupons.codes import generated
from schemas.coupons.terms import Terms
from schemas.events import CouponAnswered, CouponRequested
from schemas.ids import derived
from schemas.topics import COUPON_ANSWERED, COUPON_CHANGED, PARTITIONS
from tests.support.stream_cluster import StreamCluster, until

TERMS = msgspec.json.encode(Terms(currency="EUR", amount=5_000_000)).decode()
SECRET = bytes(range(32))


def issued(code: str, now: int) -> CouponRequested:
    return CouponRequested(
        event_id=derived("issued", code), occurred_at=now, key=code, action="issue", code=code, pool="five",
        ordinal=0, terms=TERMS, rule="five",
    )  # fmt: skip


def redeemed(code: str, till: int, now: int, attempt: int) -> CouponRequested:
    id = f"{code}-{till}-{attempt}"
    basket = Basket(f"tills/{code}-{till}", "EUR", 30_000_000)
    return CouponRequested(
        event_id=id, occurred_at=now, received_at=now, key=code, action="redeem", code=code, source="till",
        store=f"store-{till}", redemption_id=f"tills/{till}", basket=written_basket(basket), request_id=id,
        reply_partition=till % PARTITIONS,
    )  # fmt: skip


@pytest.mark.parametrize("kills", [3])
async def test_one_till_of_many_whatever_is_killed(cluster: StreamCluster, kills: int, long: bool) -> None:
    codes, tills = [generated(SECRET, "five", number) for number in range(40)], 250 if long else 10
    now = time.time_ns() // 1000
    requests = [redeemed(code, till, now, 0) for code in codes for till in range(tills)]
    requests += [redeemed(code, till, now, 1) for code in codes for till in range(tills)]
    random.shuffle(requests)
    cluster.start("coupons")
    await cluster.opened("coupons", PARTITIONS)
    await cluster.send(issued(code, now) for code in codes)
    share = len(requests) // (kills + 1)
    for kill in range(kills):
        await cluster.send(requests[kill * share : (kill + 1) * share])

        async def has_answered(at_least: int = (kill * share) + 1) -> bool:
            return await cluster.count(COUPON_ANSWERED) > at_least

        await until(has_answered, "answers", cluster.logs)
        cluster.kill("coupons")
        cluster.start("coupons")
    await cluster.send(requests[kills * share :])
    wanted = {one.request_id for one in requests}

    async def all_answered() -> bool:
        return wanted <= {one.request_id for one in await cluster.events(COUPON_ANSWERED)}

    await until(all_answered, "every answer", cluster.logs)
    await cluster.quiet("coupons")

    told = defaultdict[str, set[str]](set)
    first: dict[str, CouponAnswered] = {}
    for answer in await cluster.events(COUPON_ANSWERED):
        first.setdefault(answer.request_id, answer)
        if answer.status == 200 and answer.request_id in wanted:
            told[answer.request_id.rsplit("-", 2)[0]].add(json.loads(answer.body)["redemption_id"])
    assert {code: len(told[code]) for code in codes} == dict.fromkeys(codes, 1), "one till has each"
    statuses = Counter(first[request].status for request in wanted)
    assert set(statuses) == {200, 409} and len(codes) <= statuses[200] <= 2 * len(codes)
    uses = {
        (one.code, one.redemption_id)
        for one in await cluster.events(COUPON_CHANGED)
        if one.state == "redeemed" and one.code in codes
    }
    assert uses == {(code, f"tills/{till}") for code in codes for till in told[code]}
