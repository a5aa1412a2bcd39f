"""Disks that fill up under load, one after the other: nobody is lied to, nothing is lost, it heals with the space."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fire.ground import full, small_disk
from tests.fire.siege import Siege, is_kept
from tests.stack.whole import Street

pytestmark = pytest.mark.timeout(400)
SPOOL_MB = 16
KAFKA_MB, CLICKHOUSE_MB = 512, 1024
AWAY_S, AWAY_LONG_S = 6, 25
ROUNDS_LONG = 5
"""The promise is for 50 rounds; a round takes up to a minute, and every run has another moment for its faults."""


@dataclass
class Town:
    """A street on small disks. ``no_disks`` says why its parts share a large one; its spool is small all the same."""

    street: Street
    no_disks: str = ""

    def disk(self, part: str, long: bool) -> Path:
        """Where the part's disk is, for a story that needs one and time."""
        if not long:
            pytest.skip("the long form only")
        if self.no_disks:
            pytest.skip(self.no_disks)
        return self.street.data / part


@contextmanager
def frozen(street: Street, process: str) -> Iterator[None]:
    """A process takes connections and answers nothing: it is not dead, so nobody starts it again."""
    pid = street.run["processes"][process]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    data = tmp_path_factory.mktemp("town") / "data"
    with ExitStack() as disks:
        no_disks = ""
        try:
            for part, megabytes in (("spool", SPOOL_MB), ("kafka", KAFKA_MB), ("clickhouse", CLICKHOUSE_MB)):
                disks.enter_context(small_disk(data / part, megabytes))
        except PermissionError as error:
            no_disks = str(error)
        street = Street(data, **({"FOOTPATH_GATEWAY_SPOOL_MB": str(SPOOL_MB)} if no_disks else {}))
        street.start()
        yield Town(street, no_disks)
        assert street.stop() == 0


async def test_the_spool_fills_up_while_kafka_and_clickhouse_are_away(town: Town, long: bool) -> None:
    """Both are frozen until there is no space left for what waits for them.

    Batches are refused with 503, scans get their fallback and claim nothing, and all is taken again soon after.
    """
    for _ in range(ROUNDS_LONG if long else 1):
        siege = Siege(town.street)
        async with siege.under_way(tills=3):
            await siege.is_going("routed")
            with frozen(town.street, "kafka"), frozen(town.street, "clickhouse"):
                siege.swells()
                await siege.is_refused(within_s=40)
                siege.eases()
                await siege.lasts(AWAY_LONG_S if long else AWAY_S)
                await siege.is_going("fallback")
            print(f"healed {await siege.healed():.1f} s after both went on; {siege.describe()}")
        assert siege.book.unrecorded
        await is_kept(siege)


async def test_kafkas_disk_is_full(town: Town, long: bool) -> None:
    """There is not a byte left for Kafka's log; the broker ends, and ends again whenever it is started.

    Events go to the spool, scans get their fallback, and with the space everything comes back.
    """
    disk = town.disk("kafka", long)
    for _ in range(ROUNDS_LONG):
        siege = Siege(town.street)
        async with siege.under_way():
            await siege.is_going("routed")
            async with full(disk):
                await siege.lasts(AWAY_LONG_S)
                await siege.is_going("fallback")
            print(f"healed {await siege.healed():.1f} s after there was space; {siege.describe()}")
        await is_kept(siege)


async def test_clickhouses_disk_is_full(town: Town, long: bool) -> None:
    """There is not a byte left for ClickHouse's parts.

    Scans are routed and events taken as if nothing had happened; with the space every row is there, once.
    """
    disk = town.disk("clickhouse", long)
    for _ in range(ROUNDS_LONG):
        siege = Siege(town.street)
        async with siege.under_way():
            await siege.is_going("routed")
            async with full(disk):
                await siege.lasts(AWAY_LONG_S)
                await siege.is_going("routed")
            print(f"healed {await siege.healed():.1f} s after there was space; {siege.describe()}")
        assert not siege.book.refused
        await is_kept(siege)
