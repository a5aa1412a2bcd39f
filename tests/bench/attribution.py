"""Attribution: rules by one query, Markov by one run, over one and ten million touches; seconds and peak memory.

A twentieth of that for --quick. `attribution_data` generates the touches: four per person, one person in fifty merged.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import clickhouse_connect
from clickhouse_connect.driver.client import Client

from sinks.analysis.attribution.models import compute
from sinks.analysis.attribution.result import Question
from sinks.store.migrate import migrate
from tests.bench.attribution_data import Size, insert_data
from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure
from tests.bench.process import NotMeasured

ALL_TIME = Question("channel", 90, "1970-01-01", "2106-01-01")
LINEAR = (
    f"SELECT * FROM attribution(model='linear', lookback_days={ALL_TIME.lookback_days}, "
    f"since='{ALL_TIME.since}', until='{ALL_TIME.until}')"
)
MERGED_WITHIN_S = 120.0
AT_MOST_S = {"linear attribution": 4.0, "Markov order 1": 20.0}


@dataclass(frozen=True)
class Measurement:
    """Seconds of every round, and the peak memory of ClickHouse."""

    seconds: dict[str, list[float]]
    megabytes: float


def measure(environment: BenchEnvironment) -> list[Figure]:
    large = environment.size(10_000_000, 500_000)
    few, many = _measured(environment, large // 10), _measured(environment, large)
    figures: list[Figure] = []
    for name, at_most in AT_MOST_S.items():
        small, full = few.seconds[name], many.seconds[name]
        figures += [
            Figure(f"{name}, {large:,} touches", "s", full, at_most=at_most),
            Figure(f"  {large // 10:,} touches", "s", small),
            Figure("  time per touch, many to few", "×", [b / a / 10 for a, b in zip(small, full, strict=True)]),
        ]
    return [*figures, Figure("  peak memory of ClickHouse", "MB", [many.megabytes], at_most=4000)]


def _measured(environment: BenchEnvironment, touches: int) -> Measurement:
    with environment.clickhouse() as server:
        migrate(server.url)
        client = clickhouse_connect.get_client(dsn=server.url, database="footpath", autogenerate_session_id=False)
        insert_data(client.command, Size.of(touches), environment.progress)
        _wait_for_merges(client)
        queries: dict[str, Callable[[], object]] = {
            "linear attribution": lambda: client.query(LINEAR),
            "Markov order 1": lambda: compute(client, "markov_1", ALL_TIME, environment.progress),
        }
        seconds = {name: [_seconds(query) for _ in range(environment.rounds)] for name, query in queries.items()}
        return Measurement(seconds, _peak_mb(server.pid))


def _wait_for_merges(client: Client) -> None:
    """Waits until ClickHouse has merged the inserted parts: that work would slow the queries down."""
    until = time.monotonic() + MERGED_WITHIN_S
    while client.command("SELECT count() FROM system.merges"):
        if time.monotonic() > until:
            raise NotMeasured(f"ClickHouse still merges parts after {MERGED_WITHIN_S:g} s")
        time.sleep(1)


def _seconds(query: Callable[[], object]) -> float:
    began = time.perf_counter()
    query()
    return time.perf_counter() - began


def _peak_mb(pid: int) -> float:
    """Peak resident memory of the process in MiB."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024
