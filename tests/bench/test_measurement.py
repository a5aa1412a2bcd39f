"""Latencies count from when a scan was due, targets apply to the median, and failed benches are reported."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.bench.figures import Figure, ratio, write_json
from tests.bench.load_generator import get_requests, open_loop

STALL_S = 0.5


@asynccontextmanager
async def server(stalls_at: int) -> AsyncIterator[str]:
    """A server that responds at once, but from the given request on sends nothing for ``STALL_S`` seconds."""
    served = 0
    not_stalled = asyncio.Event()
    not_stalled.set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        while await reader.readline():
            while (await reader.readline()).strip():
                pass
            served += 1
            if served == stalls_at:
                not_stalled.clear()
                asyncio.get_running_loop().call_later(STALL_S, not_stalled.set)
            await not_stalled.wait()
            writer.write(b"HTTP/1.1 302 Found\r\nFootpath-Outcome: routed\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}"
    finally:
        running.close()


async def test_a_stall_is_seen_by_every_scan_that_was_due_in_it() -> None:
    async with server(stalls_at=40) as url:
        result = json.loads(await open_loop(url, 100, 1.5, get_requests(url, ["/s/any"]), warm_up_s=0))
    assert result["responses"] == result["requests"] == 150
    assert result["statuses"] == {"302": 150} and result["misses"] == 0
    assert result["max"] >= 0.9 * STALL_S * 1000
    # A third of the scans were due during the stall; they waited between 0 and its whole length.
    assert result["p90"] >= 0.5 * STALL_S * 1000


def test_a_target_is_held_to_the_median_and_a_baseline_has_none() -> None:
    assert Figure("a", "s", [1, 2, 9], at_most=2).reached is True
    assert Figure("a", "s", [1, 3, 9], at_most=2).reached is False
    assert Figure("a", "events/s", [1, 3, 9], at_least=3).reached is True
    assert Figure("a", "s", [1]).reached is None


def test_a_ratio_compares_the_runs_of_one_round() -> None:
    assert ratio("a", [10, 30], [20, 40], 0.4).values == [0.5, 0.75]
    with pytest.raises(ValueError):
        ratio("a", [10, 30], [20], 0.4)


def test_small_sizes_reach_no_target(tmp_path: Path) -> None:
    write_json(tmp_path / "figures.json", [Figure("a", "s", [1], at_most=2)], {"quick": True}, {})
    assert json.loads((tmp_path / "figures.json").read_text())["figures"][0]["reached"] is None


def test_a_bench_that_failed_is_written_with_its_reason(tmp_path: Path) -> None:
    file = tmp_path / "new" / "figures.json"
    write_json(file, [Figure("a", "s", [3, 1, 2], at_most=1)], {"quick": False}, {"sink": "ended with 1"})
    written = json.loads(file.read_text())
    assert written["figures"][0]["values"] == [3, 1, 2]
    assert written["figures"][0]["median"] == 2 and written["figures"][0]["reached"] is False
    assert written["not_measured"] == {"sink": "ended with 1"}
