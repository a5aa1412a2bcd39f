"""Attribution: rules by one query, Markov by one run, with one and ten million touches; seconds and peak memory.

A twentieth of that for --quick. Touches are made by tests/bench/touches.py: four a person, one person in fifty merged.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import clickhouse_connect
from clickhouse_connect.driver.client import Client

from sinks.analysis.attribution.answer import Question
from sinks.analysis.attribution.models import answer
from sinks.store.migrate import migrate
from tests.bench.figures import Figure
from tests.bench.ground import Ground, NotMeasured
from tests.bench.touches import Size, fill

ALL_TIME = Question("channel", 90, "1970-01-01", "2106-01-01")
LINEAR = (
    f"SELECT * FROM attribution(model='linear', lookback_days={ALL_TIME.lookback_days}, "
    f"since='{ALL_TIME.since}', until='{ALL_TIME.until}')"
)
SETTLED_WITHIN_S = 120.0
AT_MOST_S = {"linear attribution": 4.0, "Markov order 1": 20.0}


@dataclass(frozen=True)
class Taken:
    """Seconds of every round, and the most memory that the store ever had."""

    seconds: dict[str, list[float]]
    megabytes: float


def measure(ground: Ground) -> list[Figure]:
    large = ground.size(10_000_000, 500_000)
    few, many = _taken(ground, large // 10), _taken(ground, large)
    figures: list[Figure] = []
    for name, at_most in AT_MOST_S.items():
        small, full = few.seconds[name], many.seconds[name]
        figures += [
            Figure(f"{name}, {large:,} touches", "s", full, at_most=at_most),
            Figure(f"  {large // 10:,} touches", "s", small),
            Figure(
                "  a touch among many to one among few", "×", [b / a / 10 for a, b in zip(small, full, strict=True)]
            ),
        ]
    return [*figures, Figure("  memory of the store, at most", "MB", [many.megabytes], at_most=4000)]


def _taken(ground: Ground, touches: int) -> Taken:
    with ground.clickhouse() as part:
        migrate(part.url)
        client = clickhouse_connect.get_client(dsn=part.url, database="footpath", autogenerate_session_id=False)
        fill(client.command, Size.of(touches), ground.say)
        _settle(client)
        asked: dict[str, Callable[[], object]] = {
            "linear attribution": lambda: client.query(LINEAR),
            "Markov order 1": lambda: answer(client, "markov_1", ALL_TIME, ground.say),
        }
        seconds = {name: [_seconds(ask) for _ in range(ground.rounds)] for name, ask in asked.items()}
        return Taken(seconds, _peak_mb(part.pid))


def _settle(client: Client) -> None:
    """Waits until the store has merged what the filling left, which is not part of any answer."""
    until = time.monotonic() + SETTLED_WITHIN_S
    while client.command("SELECT count() FROM system.merges"):
        if time.monotonic() > until:
            raise NotMeasured(f"the store still merges after {SETTLED_WITHIN_S:g} s")
        time.sleep(1)


def _seconds(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


def _peak_mb(pid: int) -> float:
    """The most resident memory that the process had."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024
