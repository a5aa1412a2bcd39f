"""A retailer's year: every basket comes in through `footpath import`, every household's coupons are used at tills.

The long form is a real year (`tests.support.retail_year`): 155,848 baskets of 2,469 households, 2,102 redemptions of
2,075 coupons. The short one has the same shape and was made up: it needs no data from elsewhere.
"""

import csv
import json
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import clickhouse_connect
import pytest

from deploy.local.settings import DEMO_BRAND
from tests.support import retail_year
from tests.support.full_stack import FullStack, wait_until, write_lines
from tests.support.retail_year import Redemption
from tests.support.seeds import draw_seed
from tests.support.servers import ClickHouseServer
from tests.support.tills import ask_coupon

TILLS = 8
HOUSEHOLDS, BASKETS, REDEMPTIONS, SECOND = 20, 300, 60, 5
SALES = "FROM sale WHERE event_id LIKE 'basket-%'"
FILLED_WITHIN_S = 1800.0


@dataclass(frozen=True)
class Year:
    """``events`` is a file of JSON Lines. ``seconds`` of the redemptions are not the first of their code."""

    events: Path
    baskets: int
    households: int
    revenue: str
    redemptions: Sequence[Redemption]
    seconds: int

    @property
    def codes(self) -> dict[str, set[str]]:
        """By pool."""
        found: dict[str, set[str]] = defaultdict(set)
        for one in self.redemptions:
            found[one.pool].add(one.code)
        return found


@pytest.fixture(scope="module")
def year(long: bool, clickhouse: ClickHouseServer, tmp_path_factory: pytest.TempPathFactory) -> Year:
    file = tmp_path_factory.mktemp("retail") / "year.jsonl"
    if not long:
        return made_up(file, Random(f"retail {draw_seed()}"))
    client = clickhouse_connect.get_client(dsn=clickhouse.url, autogenerate_session_id=False)
    retail_year.read_into(client)
    baskets = retail_year.write_events(client, file)
    redemptions = retail_year.redemptions(client)
    client.command("DROP DATABASE retail")
    client.close()
    assert (baskets, len(redemptions)) == (retail_year.BASKETS, retail_year.REDEMPTIONS)
    return Year(file, baskets, retail_year.HOUSEHOLDS, retail_year.REVENUE, redemptions, retail_year.SECOND_REDEMPTIONS)


def made_up(file: Path, rng: Random) -> Year:
    """Some households' month."""
    events, revenue, bought = [], Decimal(), dict[int, str]()
    for number in range(BASKETS):
        household, day = number % HOUSEHOLDS, date(2017, 1, 1) + timedelta(number // 10)
        amounts = [Decimal(rng.randrange(1, 3000)) / 100 for _ in range(rng.randint(1, 12))]
        lines = [{"sku": f"{rng.randrange(99)}", "quantity": "1", "amount": str(amount)} for amount in amounts]
        revenue += sum(amounts)
        bought[household] = f"basket-{number}"
        events.append(
            {
                "event_id": bought[household],
                "type": "sale",
                "occurred_at": f"{day}T12:00:00Z",
                "store": f"store-{rng.randrange(9)}",
                "identifiers": [{"type": "customer", "value": f"household-{household}"}],
                "properties": {"amount": str(sum(amounts)), "currency": "EUR", "lines": lines},
            }
        )
    last = date(2017, 1, 31)
    once = [
        Redemption(number % HOUSEHOLDS, 51_000_000_000 + number, number % 3, last, bought[number % HOUSEHOLDS])
        for number in range(REDEMPTIONS - SECOND)
    ]
    write_lines(file, events)
    return Year(file, BASKETS, HOUSEHOLDS, str(revenue), [*once, *rng.sample(once, SECOND)], SECOND)


@pytest.fixture(scope="module")
def retailer(year: Year, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullStack]:
    """A system whose brand has a pool for each campaign."""
    folder = tmp_path_factory.mktemp("retailer")
    brand = shutil.copytree(DEMO_BRAND, folder / "brand")
    pools = [
        {"id": pool, "title": f"Coupons of {pool}", "size": 10_000, "codes": "imported", "discount": {"amount": 1}}
        for pool in sorted(year.codes)
    ]
    (brand / "campaign-pools.yaml").write_text(json.dumps({"coupon_pools": pools}))
    stack = FullStack(folder / "data", FOOTPATH_BRAND=str(brand))
    stack.start()
    yield stack
    assert stack.stop() == 0


@pytest.mark.timeout(4 * FILLED_WITHIN_S)
def test_every_basket_comes_in_and_every_coupon_is_used_once(retailer: FullStack, year: Year, tmp_path: Path) -> None:
    imported = retailer.footpath("import", str(year.events), timeout_s=FILLED_WITHIN_S)
    assert f"accepted {year.baskets:,}, duplicates 0, rejected 0" in imported.stdout, imported.stdout + imported.stderr
    wait_until(lambda: retailer.value(f"SELECT count() {SALES}") >= year.baskets, retailer.logs, FILLED_WITHIN_S)
    totals = f"SELECT toString(sum(revenue)) AS revenue, uniqExact(person_id) AS people, count() AS baskets {SALES}"
    expected = {"revenue": year.revenue, "people": year.households, "baskets": year.baskets}
    assert retailer.rows(totals) == [expected]

    for pool, codes in year.codes.items():
        file = tmp_path / f"{pool}.csv"
        with file.open("w", newline="") as out:
            csv.writer(out).writerows([["code"], *([code] for code in sorted(codes))])
        done = retailer.footpath("coupons", "import", pool, str(file))
        assert done.returncode == 0, done.stdout + done.stderr
    issued = len({one.code for one in year.redemptions})
    imported_codes = "SELECT count() FROM coupon WHERE pool LIKE 'campaign-%'"
    wait_until(lambda: retailer.value(imported_codes) == issued, retailer.logs, FILLED_WITHIN_S)

    first = redeemed(retailer, year.redemptions)
    assert Counter(status for status, _ in first.values()) == {200: issued, 409: year.seconds}
    refused = [body for status, body in first.values() if status == 409]
    assert {body["reason"] for body in refused} == {"used"}
    assert redeemed(retailer, year.redemptions) == first, "a till that asks again is told the same"
    used = "SELECT count() AS n, uniqExact(code) AS codes FROM coupon_use WHERE pool LIKE 'campaign-%'"
    wait_until(lambda: retailer.rows(used) == [{"n": issued, "codes": issued}], retailer.logs)
    assert retailer.value(f"SELECT count() {SALES}") == year.baskets


def redeemed(stack: FullStack, redemptions: Sequence[Redemption]) -> dict[int, tuple[int, dict[str, object]]]:
    """What the tills are told of each redemption, by its number; those of a household come one after the other."""
    of_household: dict[int, list[int]] = defaultdict(list)
    for number, one in enumerate(redemptions):
        of_household[one.household].append(number)

    def shop(numbers: list[int]) -> list[tuple[int, tuple[int, dict[str, object]]]]:
        return [(number, redeem(number, redemptions[number])) for number in numbers]

    def redeem(number: int, one: Redemption) -> tuple[int, dict[str, object]]:
        request = {"redemption_id": f"use-{number}", "basket": {"total": "20.00", "currency": "EUR"}}
        return ask_coupon(stack, "redeem", one.code, request | ({"sale_event_id": one.sale} if one.sale else {}))

    with ThreadPoolExecutor(TILLS) as tills:
        return {number: told for answers in tills.map(shop, of_household.values()) for number, told in answers}
