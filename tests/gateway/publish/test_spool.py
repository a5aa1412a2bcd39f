"""The spool never loses what it acknowledged: kill -9, a torn tail, a flipped bit, a full disk."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.publish.records import Record
from gateway.publish.spool import Spool, SpoolError, SpoolFull
from gateway.publish.spool_segment import bodies, frame
from tests.support.hangs import HANG_S

MB = 1024 * 1024


def record(number: int, size: int = 10) -> Record:
    return Record("topic", str(number), str(number).encode().ljust(size), [("event-id", b"x")], number)


async def numbers(spool: Spool) -> list[int]:
    """Drains the spool and returns the numbers of its records, in order."""
    found = []
    while (oldest := await spool.oldest()) is not None:
        segment, records = oldest
        found += [int(one.key) for one in records]
        await spool.drop(segment)
    return found


async def test_records_come_back_in_order_after_a_restart(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MB)
    for number in range(50):
        await spool.append([record(2 * number), record(2 * number + 1)])
    await spool.close()
    again = Spool(tmp_path, MB)
    assert again.pending_bytes > 0
    assert await numbers(again) == list(range(100))
    assert again.pending_bytes == 0 and not [name for name in os.listdir(tmp_path) if name.endswith(".segment")]
    await again.close()


async def test_one_sync_serves_all_concurrent_appends(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 64 * MB)
    await asyncio.gather(*(spool.append([record(number)]) for number in range(5000)))
    assert sorted(await numbers(spool)) == list(range(5000))
    await spool.close()


async def test_what_is_appended_while_draining_comes_after(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MB)
    await spool.append([record(1)])
    segment, records = await spool.oldest() or pytest.fail("nothing there")
    await spool.append([record(2)])
    assert [one.key for one in records] == ["1"]
    await spool.drop(segment)
    assert await numbers(spool) == [2] and spool.pending_bytes == 0
    await spool.close()


async def test_a_full_spool_takes_nothing_and_works_again_when_drained(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10_000)
    await spool.append([record(1, 6000)])
    with pytest.raises(SpoolFull):
        await spool.append([record(2, 6000)])
    assert not spool.is_full
    await spool.append([record(3, 3000)])
    assert await numbers(spool) == [1, 3]
    await spool.append([record(4, 6000)])
    assert await numbers(spool) == [4]
    await spool.close()


def test_any_torn_tail_costs_only_the_record_that_was_never_acknowledged() -> None:
    content = b"".join(frame(str(number).encode() * 5) for number in range(3))
    for length in range(len(content) + 1):
        whole = list(bodies(content[:length]))
        assert whole == [str(n).encode() * 5 for n in range(len(whole))]
        assert len(whole) == length // len(frame(b"00000"))


def test_any_flipped_bit_costs_at_most_its_record() -> None:
    content = b"".join(frame(str(number).encode() * 5) for number in range(3))
    for at in range(len(content)):
        for bit in range(8):
            damaged = bytearray(content)
            damaged[at] ^= 1 << bit
            found = list(bodies(bytes(damaged)))
            assert found == [str(n).encode() * 5 for n in range(3) if n != at // len(frame(b"00000"))]


async def stored_in(directory: Path) -> list[int]:
    """The numbers that a new process reads from a spool."""
    spool = Spool(directory, 1 << 30)
    found = await numbers(spool)
    await spool.close()
    return found


WRITER = """
import asyncio, sys
from pathlib import Path
from tests.gateway.publish.test_spool import record
from gateway.publish.spool import Spool

async def write():
    spool = Spool(Path(sys.argv[1]), 1 << 30)
    number = 0
    while True:
        await spool.append([record(number, 3000)])
        print(number, flush=True)
        number += 1

asyncio.run(write())
"""


@pytest.mark.parametrize("after_lines", [1, 50, 1500])
def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path, after_lines: int) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    for _ in range(after_lines):
        writer.stdout.readline()
    writer.send_signal(signal.SIGKILL)
    rest = writer.stdout.read().split()
    writer.wait()
    acknowledged = after_lines + len(rest)
    found = asyncio.run(stored_in(tmp_path))
    assert found == list(range(len(found))) and len(found) >= acknowledged


FULL_DISK = """
import asyncio, resource, signal, sys
from pathlib import Path
from tests.gateway.publish.test_spool import numbers, record
from gateway.publish.spool import Spool, SpoolFull

async def write():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    spool = Spool(Path(sys.argv[1]), 1 << 30)
    await spool.append([record(1, 3000)])
    resource.setrlimit(resource.RLIMIT_FSIZE, (8000, resource.RLIM_INFINITY))
    await spool.append([record(2, 3000)])
    for number in (3, 4):
        try:
            await spool.append([record(number, 9000)])
            sys.exit("the disk was not full")
        except SpoolFull:
            pass
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await spool.append([record(5, 9000)])
    print(await numbers(spool), spool.pending_bytes)
    await spool.close()

asyncio.run(write())
"""


def test_a_full_disk_is_reported_and_the_spool_recovers(tmp_path: Path) -> None:
    """The limit on file sizes makes writes fail half-way, as a full disk does."""
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, timeout=HANG_S
    )
    assert (run.stdout.strip(), run.returncode) == ("[1, 2, 5] 0", 0), run.stderr


async def test_a_spool_has_one_gateway(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MB)
    with pytest.raises(SpoolError, match=r"FOOTPATH_GATEWAY_SPOOL.*in use"):
        Spool(tmp_path, MB)
    await spool.close()
    await Spool(tmp_path, MB).close()


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(SpoolError, match="FOOTPATH_GATEWAY_SPOOL="):
        Spool(blocked / "spool", MB)
    assert os.listdir(tmp_path) == ["file"]
