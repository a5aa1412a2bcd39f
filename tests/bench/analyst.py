"""An analyst's views over one retailer's year, as ratios to a plain scan of its lines, and its import beside scans.

1.47 million lines in 155,848 receipts of 2,469 people (`tests.support.retail_year`); those of few people for --quick.
The plain scan sums quantity and amount of every line by product, out of the table as it lies. The import goes through
`footpath import` on the embedded stack while phones scan; rewards are behind by the time from its end to the last entry
of the ledger.
"""

import time
from pathlib import Path

import clickhouse_connect
from clickhouse_connect.driver.client import Client

from sinks.store.migrate import migrate
from tests.bench import attribution, scan
from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure
from tests.support import retail_year
from tests.support.full_stack import wait_until

PLAIN = """
SELECT line.sku, sum(line.quantity), sum(line.amount)
FROM touchpoint_identified ARRAY JOIN lines AS line
GROUP BY line.sku
"""
VIEWS = {
    "purchase by product": "SELECT sku, currency, sum(quantity), sum(amount) FROM purchase GROUP BY sku, currency",
    "customer_value": "SELECT * FROM customer_value",
    "person": "SELECT * FROM person",
    "balance": "SELECT * FROM balance",
    "attribution": attribution.LINEAR,
    "sale_by_day": "SELECT * FROM sale_by_day",
    "attribution_daily": "SELECT * FROM attribution_daily WHERE model = 'linear'",
}
"""The first five have a target."""
AT_MOST, WITH_TARGET, LAG_AT_MOST_S = 8.0, 5, 10.0
SCANS_PER_S = 50
IMPORT_WITHIN_S, REWARDED_WITHIN_S = 900.0, 600.0


def measure(environment: BenchEnvironment) -> list[Figure]:
    households = environment.size(1_000_000, 60)
    events = environment.folder / "year.jsonl"
    with environment.clickhouse() as server:
        migrate(server.url)
        client = clickhouse_connect.get_client(dsn=server.url, database="footpath", autogenerate_session_id=False)
        retail_year.read_into(client)
        retail_year.store_rows(client, households)
        retail_year.write_events(client, events, households)
        [(expected,)] = client.query("SELECT count() FROM footpath.reward_posted").result_rows
        figures = _views(environment, client)
        client.close()
    return [*figures, *_import(environment, events, int(expected))]


def _views(environment: BenchEnvironment, client: Client) -> list[Figure]:
    seconds: dict[str, list[float]] = {name: [] for name in ("plain", *VIEWS)}
    for name, query in {"plain": PLAIN, **VIEWS}.items():
        _seconds(client, query)  # reads files into the page cache
        environment.progress(name)
    for _ in range(environment.rounds * 3):
        for name, query in {"plain": PLAIN, **VIEWS}.items():
            seconds[name].append(_seconds(client, query))
    ratios = {name: [one / plain for one, plain in zip(seconds[name], seconds["plain"], strict=True)] for name in VIEWS}
    return [
        Figure("plain scan of a retailer's lines", "s", seconds["plain"]),
        *(
            Figure(
                f"  {name}", "× the scan", values, at_most=AT_MOST if number < WITH_TARGET else None,
                note=f"{min(seconds[name]):.2f} s at best",
            )
            for number, (name, values) in enumerate(ratios.items())
        ),
    ]  # fmt: skip


def _import(environment: BenchEnvironment, events: Path, expected: int) -> list[Figure]:
    """:param expected: number of receipts that earn points."""
    with environment.full_stack() as stack:
        stack.scan()
        alone = scan.run(environment, stack, scan.Case(SCANS_PER_S, "new", environment.size(20, 3))).load
        arguments = ("deploy.cli.main", "import", str(events))
        with environment.process("import", *arguments, env=stack.environ) as importing:
            began = time.monotonic()
            beside = scan.run(environment, stack, scan.Case(SCANS_PER_S, "new", environment.size(20, 3))).load
            importing.wait_for_exit(IMPORT_WITHIN_S)
            ended = time.monotonic()
        environment.progress(f"imported in {ended - began:.0f} s")
        rewarded = "SELECT uniqExact(source_event_id) FROM reward_posted WHERE rule = 'purchase'"
        environment.progress(f"{stack.value(rewarded):,} of {expected:,} receipts have points")
        wait_until(lambda: stack.value(rewarded) >= expected, stack.logs, REWARDED_WITHIN_S)
        lag = time.monotonic() - ended
    return [
        Figure("import of that year", "s", [ended - began]),
        Figure("  rewards are behind its end by", "s", [lag], at_most=LAG_AT_MOST_S),
        Figure("  scans at 50/s beside it: p99", "ms", [beside["p99"]], note=f"alone {alone['p99']:.1f} ms"),
        Figure("  misses beside it", "%", [100 * beside["misses"] / beside["requests"]]),
    ]


def _seconds(client: Client, query: str) -> float:
    began = time.perf_counter()
    client.command(f"{query} FORMAT Null")
    return time.perf_counter() - began
