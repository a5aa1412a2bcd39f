"""Disks fill up under load: every acknowledged event is kept, refusals are honest, and the stack recovers by itself."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.chaos.faulty_servers import filled_disk, small_disk
from tests.chaos.load import ChaosLoad, assert_nothing_lost
from tests.support.full_stack import FullStack

SPOOL_MB = 16
KAFKA_MB, CLICKHOUSE_MB = 512, 1024
FAULT_S, LONG_FAULT_S = 6, 25
LONG_ROUNDS, ROUNDS_OF_EVERYTHING = 5, 3
"""The promise is for 50 rounds; a round takes up to a minute, and its faults come at other moments in every run."""


@dataclass
class SmallDiskSystem:
    """An embedded stack on small disks.

    :param no_disks: why its servers share the machine's disk instead, empty with small disks. Its spool is limited to
        ``SPOOL_MB`` either way.
    """

    stack: FullStack
    no_disks: str = ""

    def disk(self, server: str, long: bool) -> Path:
        """Directory of the server's disk; skips the test in the short form and where there are no small disks."""
        if not long:
            pytest.skip("the long form only")
        if self.no_disks:
            pytest.skip(self.no_disks)
        return self.stack.data / server


@contextmanager
def frozen(stack: FullStack, process: str) -> Iterator[None]:
    """Inside the block the process accepts connections and answers nothing; it has not ended, so the supervisor does
    not restart it."""
    pid = stack.run["processes"][process]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDiskSystem]:
    data = tmp_path_factory.mktemp("small-disks") / "data"
    with ExitStack() as disks:
        no_disks = ""
        try:
            for server, megabytes in (("spool", SPOOL_MB), ("kafka", KAFKA_MB), ("clickhouse", CLICKHOUSE_MB)):
                disks.enter_context(small_disk(data / server, megabytes))
        except PermissionError as error:
            no_disks = str(error)
        stack = FullStack(data, **({"FOOTPATH_GATEWAY_SPOOL_MB": str(SPOOL_MB)} if no_disks else {}))
        stack.start()
        yield SmallDiskSystem(stack, no_disks)
        assert stack.stop() == 0


async def test_the_spool_fills_up_while_kafka_and_clickhouse_are_frozen(system: SmallDiskSystem, long: bool) -> None:
    """Kafka and ClickHouse are frozen until the spool is full.

    Batches are refused with 503, scans get their fallback and claim no event; soon after both resume, scans are routed
    and batches accepted again.
    """
    for _ in range(LONG_ROUNDS if long else 1):
        load = ChaosLoad(system.stack)
        async with load.running(tills=3):
            await load.wait_for_outcome("routed")
            with frozen(system.stack, "kafka"), frozen(system.stack, "clickhouse"):
                load.flood()
                await load.wait_for_refusals()
                load.normal_rate()
                await load.hold(LONG_FAULT_S if long else FAULT_S)
                await load.wait_for_outcome("fallback")
            print(f"recovered {await load.time_to_recover():.1f} s after both resumed; {load.describe()}")
        assert load.client_log.unrecorded_scans
        await assert_nothing_lost(load)


async def test_kafkas_disk_is_full(system: SmallDiskSystem, long: bool) -> None:
    """Kafka's disk is full to the last byte: the broker ends, and ends again at each restart.

    Events are spooled and scans get their fallback; with free space the stack recovers.
    """
    disk = system.disk("kafka", long)
    for _ in range(LONG_ROUNDS):
        load = ChaosLoad(system.stack)
        async with load.running():
            await load.wait_for_outcome("routed")
            async with filled_disk(disk):
                await load.hold(LONG_FAULT_S)
                await load.wait_for_outcome("fallback")
            print(f"recovered {await load.time_to_recover():.1f} s after there was space; {load.describe()}")
        await assert_nothing_lost(load)


async def test_clickhouses_disk_is_full(system: SmallDiskSystem, long: bool) -> None:
    """ClickHouse's disk is full to the last byte: it can write no part.

    Scans are routed and events accepted as without the fault; with free space every row is stored once.
    """
    disk = system.disk("clickhouse", long)
    for _ in range(LONG_ROUNDS):
        load = ChaosLoad(system.stack)
        async with load.running():
            await load.wait_for_outcome("routed")
            async with filled_disk(disk):
                await load.hold(LONG_FAULT_S)
                await load.wait_for_outcome("routed")
            print(f"recovered {await load.time_to_recover():.1f} s after there was space; {load.describe()}")
        assert not load.client_log.refused_batches
        await assert_nothing_lost(load)


@pytest.mark.usefixtures("long_form")
async def test_the_disk_of_everything_is_full_and_each_process_is_there_once(tmp_path: Path) -> None:
    """Everything is on one disk, which is full; processes are killed meanwhile, and the supervisor cannot even write
    run.json. With free space the stack recovers, and no process has a second one beside it."""
    data = tmp_path / "data"
    with ExitStack() as disks:
        try:
            disks.enter_context(small_disk(data, KAFKA_MB + CLICKHOUSE_MB))
        except PermissionError as error:
            pytest.skip(str(error))
        stack = FullStack(data)
        disks.callback(stack.stop)
        stack.start()
        for _ in range(ROUNDS_OF_EVERYTHING):
            load = ChaosLoad(stack)
            async with load.running():
                await load.wait_for_outcome("routed")
                async with filled_disk(data):
                    for process in ("identity", "rewards", "sink"):
                        os.kill(stack.run["processes"][process], signal.SIGKILL)
                    await load.hold(LONG_FAULT_S)
                await load.wait_for_outcome("routed")
            await assert_nothing_lost(load)
            assert children_of(stack.pid) == set(stack.run["processes"].values())


def children_of(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
