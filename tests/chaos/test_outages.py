"""Kafka, ClickHouse and the network fail under load and return: every acknowledged event is kept, and the stack
recovers by itself."""

import asyncio
import os
import signal
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from deploy.local import ports
from deploy.local.processes import SESSION_SETTINGS
from tests.chaos.faulty_servers import build_broker
from tests.chaos.load import ChaosLoad, assert_nothing_lost
from tests.chaos.tcp_proxy import DIRECTIONS, Direction, TcpProxy
from tests.support.full_stack import FullStack
from tests.support.servers import ClickHouseServer, KafkaServer, Server, start_clickhouse

OUTAGE_S = 60
LONG_OUTAGE_S = 600
CAUGHT_UP_WITHIN_S = LONG_OUTAGE_S / 10
"""The sink must store the backlog ten times as fast as it arrived, while the load continues."""


@dataclass
class OutageSystem:
    """An embedded stack with a Kafka and a ClickHouse that only the test restarts, and a proxy before Kafka."""

    stack: FullStack
    kafka: KafkaServer
    clickhouse: ClickHouseServer
    proxy: TcpProxy
    starter: ThreadPoolExecutor
    sink_metrics_port: int

    async def start(self, server: Server) -> None:
        """Starts a killed server while the load continues.

        The start blocks, so it needs a thread; a server ends with the thread that started it, so that thread must live
        as long as the system.
        """
        await asyncio.get_running_loop().run_in_executor(self.starter, server.start)

    def lag(self) -> float:
        """Records of all topics that are not in their tables yet, by the sink's metrics."""
        with urllib.request.urlopen(f"http://{ports.LOCALHOST}:{self.sink_metrics_port}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("footpath_sink_lag_records{"))


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, long: bool) -> Iterator[OutageSystem]:
    if not long:
        pytest.skip("the long form only; the short form of outages is the first test of test_disk_full")
    directory = tmp_path_factory.mktemp("outages")
    clickhouse = start_clickhouse(directory / "clickhouse")
    port = ports.free()
    kafka = build_broker(directory / "kafka", advertised=port)
    with TcpProxy(int(kafka.bootstrap.rpartition(":")[2]), port) as proxy, ThreadPoolExecutor(1) as starter:
        kafka.start()
        stack = FullStack(
            directory / "data",
            FOOTPATH_KAFKA=f"{ports.LOCALHOST}:{port}",
            FOOTPATH_CLICKHOUSE=clickhouse.url,
            FOOTPATH_SINK_METRICS_PORT=str(sink_metrics_port := ports.free()),
            **SESSION_SETTINGS,
        )
        stack.start()
        yield OutageSystem(stack, kafka, clickhouse, proxy, starter, sink_metrics_port)
        assert stack.stop() == 0
        kafka.stop()
        clickhouse.stop()


async def test_kafka_is_killed_and_stays_down(system: OutageSystem) -> None:
    """Connections to Kafka are refused.

    Scans get their fallback, events are spooled, nothing acknowledged is lost, and the stack recovers by itself.
    """
    load = ChaosLoad(system.stack)
    async with load.running():
        await load.wait_for_outcome("routed")
        system.kafka.kill()
        await load.hold(OUTAGE_S)
        await load.wait_for_outcome("fallback")
        await system.start(system.kafka)
        print(f"recovered {await load.time_to_recover():.1f} s after Kafka was restarted; {load.describe()}")
    await assert_nothing_lost(load)


async def test_kafka_is_frozen(system: OutageSystem) -> None:
    """Kafka accepts connections and answers nothing (SIGSTOP); the promise is that of a killed Kafka."""
    load = ChaosLoad(system.stack)
    async with load.running():
        await load.wait_for_outcome("routed")
        os.kill(system.kafka.pid, signal.SIGSTOP)
        try:
            await load.hold(OUTAGE_S)
            await load.wait_for_outcome("fallback")
        finally:
            os.kill(system.kafka.pid, signal.SIGCONT)
        print(f"recovered {await load.time_to_recover():.1f} s after Kafka resumed; {load.describe()}")
    await assert_nothing_lost(load)


@pytest.mark.parametrize("direction", DIRECTIONS)
async def test_the_network_to_kafka_is_blocked_in_one_direction(system: OutageSystem, direction: Direction) -> None:
    """Kafka receives no requests, or its responses get lost; the promise is that of a killed Kafka."""
    load = ChaosLoad(system.stack)
    async with load.running():
        await load.wait_for_outcome("routed")
        system.proxy.block(direction)
        try:
            await load.hold(OUTAGE_S)
            await load.wait_for_outcome("fallback")
        finally:
            system.proxy.unblock(direction)
        print(f"recovered {await load.time_to_recover():.1f} s after the network was unblocked; {load.describe()}")
    await assert_nothing_lost(load)


@pytest.mark.parametrize("fault", ["killed", "frozen"])
async def test_clickhouse_is_down(system: OutageSystem, fault: str) -> None:
    """No table can be read or written.

    Scans are routed and events accepted as without the fault; afterwards every row is stored once.
    """
    load = ChaosLoad(system.stack)
    async with load.running():
        await load.wait_for_outcome("routed")
        if fault == "killed":
            system.clickhouse.kill()
        else:
            os.kill(system.clickhouse.pid, signal.SIGSTOP)
        await load.hold(OUTAGE_S)
        await load.wait_for_outcome("routed")
        if fault == "killed":
            await system.start(system.clickhouse)
        else:
            os.kill(system.clickhouse.pid, signal.SIGCONT)
        print(f"recovered {await load.time_to_recover():.1f} s after ClickHouse was back; {load.describe()}")
    assert not load.client_log.refused_batches
    await assert_nothing_lost(load)


@pytest.mark.timeout(LONG_OUTAGE_S + 300)
async def test_clickhouse_is_down_for_ten_minutes(system: OutageSystem) -> None:
    """ClickHouse is down for longer than any retry or timeout lasts.

    Scans are routed, the sink's lag grows and is reported, and the sink keeps running; afterwards the lag is gone and
    every row is stored once.
    """
    load = ChaosLoad(system.stack)
    async with load.running():
        await load.wait_for_outcome("routed")
        sink = system.stack.run["processes"]["sink"]
        system.clickhouse.kill()
        lags = []
        for _ in range(4):
            await load.hold(LONG_OUTAGE_S / 4)
            lags.append(await asyncio.to_thread(system.lag))
        assert lags == sorted(set(lags)) and lags[0] > 0, f"the lag does not grow: {lags}"
        await load.wait_for_outcome("routed")
        await system.start(system.clickhouse)
        took_s = await load.time_to_recover(CAUGHT_UP_WITHIN_S)
        print(f"recovered {took_s:.1f} s after ClickHouse was restarted, lags {lags}; {load.describe()}")
    assert not load.client_log.refused_batches, "batches were refused"
    assert system.stack.run["processes"]["sink"] == sink, "the sink was restarted"
    await assert_nothing_lost(load)
