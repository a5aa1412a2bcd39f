"""Kafka, ClickHouse and the network go away under load and come back: nobody is lied to, nothing is lost, it heals."""

import asyncio
import os
import signal
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from deploy.local import ports
from deploy.local.children import SHORT_SESSIONS
from tests.fire.ground import build_broker
from tests.fire.siege import Siege, is_kept
from tests.fire.wire import DIRECTIONS, Direction, Wire
from tests.parts import ClickHousePart, KafkaPart, Part, start_clickhouse
from tests.stack.whole import Street

pytestmark = pytest.mark.timeout(400)
AWAY_S = 60
LONG_AWAY_S = 600
CAUGHT_UP_WITHIN_S = LONG_AWAY_S / 10
"""What came meanwhile has to be stored first: ten times as fast as it came, beside the load that goes on."""


@dataclass
class Town:
    """A street whose Kafka and ClickHouse nobody starts again but the test, with a wire before Kafka."""

    street: Street
    kafka: KafkaPart
    clickhouse: ClickHousePart
    wire: Wire
    starter: ThreadPoolExecutor
    sink_metrics_port: int

    async def starts(self, part: Part) -> None:
        """Starts it again while the siege goes on; a server ends with the thread that started it."""
        await asyncio.get_running_loop().run_in_executor(self.starter, part.start)

    def lag(self) -> float:
        """Records of all topics that are not in their tables yet, as the sink tells."""
        with urllib.request.urlopen(f"http://{ports.LOCALHOST}:{self.sink_metrics_port}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("footpath_sink_lag_records{"))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, long: bool) -> Iterator[Town]:
    if not long:
        pytest.skip("the long form only; the short one is the first story of test_disk_full")
    directory = tmp_path_factory.mktemp("town")
    clickhouse = start_clickhouse(directory / "clickhouse")
    port = ports.free()
    kafka = build_broker(directory / "kafka", advertised=port)
    with Wire(int(kafka.bootstrap.rpartition(":")[2]), port) as wire, ThreadPoolExecutor(1) as starter:
        kafka.start()
        street = Street(
            directory / "data",
            FOOTPATH_KAFKA=f"{ports.LOCALHOST}:{port}",
            FOOTPATH_CLICKHOUSE=clickhouse.url,
            FOOTPATH_SINK_METRICS_PORT=str(sink_metrics_port := ports.free()),
            **SHORT_SESSIONS,
        )
        street.start()
        yield Town(street, kafka, clickhouse, wire, starter, sink_metrics_port)
        assert street.stop() == 0
        kafka.stop()
        clickhouse.stop()


async def test_kafka_is_killed_and_stays_away(town: Town) -> None:
    """Nobody listens where Kafka was.

    Scans get their fallback, events go to the spool, nothing acknowledged is lost, it heals by itself.
    """
    siege = Siege(town.street)
    async with siege.under_way():
        await siege.is_going("routed")
        town.kafka.kill()
        await siege.lasts(AWAY_S)
        await siege.is_going("fallback")
        await town.starts(town.kafka)
        print(f"healed {await siege.healed():.1f} s after Kafka was back; {siege.describe()}")
    await is_kept(siege)


async def test_kafka_is_frozen(town: Town) -> None:
    """Kafka takes connections and answers nothing (SIGSTOP). The same promise."""
    siege = Siege(town.street)
    async with siege.under_way():
        await siege.is_going("routed")
        os.kill(town.kafka.pid, signal.SIGSTOP)
        try:
            await siege.lasts(AWAY_S)
            await siege.is_going("fallback")
        finally:
            os.kill(town.kafka.pid, signal.SIGCONT)
        print(f"healed {await siege.healed():.1f} s after Kafka went on; {siege.describe()}")
    await is_kept(siege)


@pytest.mark.parametrize("direction", DIRECTIONS)
async def test_the_way_to_kafka_is_cut_in_one_direction(town: Town, direction: Direction) -> None:
    """Kafka hears nothing, or everything and answers in vain. The same promise."""
    siege = Siege(town.street)
    async with siege.under_way():
        await siege.is_going("routed")
        town.wire.cut(direction)
        try:
            await siege.lasts(AWAY_S)
            await siege.is_going("fallback")
        finally:
            town.wire.mend(direction)
        print(f"healed {await siege.healed():.1f} s after the wire was whole; {siege.describe()}")
    await is_kept(siege)


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_clickhouse_is_away(town: Town, how: str) -> None:
    """Nobody can read or write a table.

    Scans are routed and events taken as if nothing had happened; afterwards every row is there once.
    """
    siege = Siege(town.street)
    async with siege.under_way():
        await siege.is_going("routed")
        if how == "killed":
            town.clickhouse.kill()
        else:
            os.kill(town.clickhouse.pid, signal.SIGSTOP)
        await siege.lasts(AWAY_S)
        await siege.is_going("routed")
        if how == "killed":
            await town.starts(town.clickhouse)
        else:
            os.kill(town.clickhouse.pid, signal.SIGCONT)
        print(f"healed {await siege.healed():.1f} s after ClickHouse was back; {siege.describe()}")
    assert not siege.book.refused
    await is_kept(siege)


@pytest.mark.timeout(LONG_AWAY_S + 300)
async def test_clickhouse_is_away_for_ten_minutes(town: Town) -> None:
    """Long enough for every patience to end. Scans are routed, the lag grows and shows, the sink waits; afterwards the
    lag is gone and every row is there once."""
    siege = Siege(town.street)
    async with siege.under_way():
        await siege.is_going("routed")
        sink = town.street.run["processes"]["sink"]
        town.clickhouse.kill()
        lags = []
        for _ in range(4):
            await siege.lasts(LONG_AWAY_S / 4)
            lags.append(await asyncio.to_thread(town.lag))
        assert lags == sorted(set(lags)) and lags[0] > 0, f"the lag does not grow: {lags}"
        await siege.is_going("routed")
        await town.starts(town.clickhouse)
        took_s = await siege.healed(CAUGHT_UP_WITHIN_S)
        print(f"healed {took_s:.1f} s after ClickHouse was back, behind by {lags}; {siege.describe()}")
    assert not siege.book.refused and town.street.run["processes"]["sink"] == sink, "the sink did not wait"
    await is_kept(siege)
