"""What keeps the figures honest: times from when a scan was due, targets held to the median, nothing left out."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.bench.figures import Figure, ratio, write_json
from tests.bench.phones import open_loop, requests

STALL_S = 0.5


@asynccontextmanager
async def server(stalls_at: int) -> AsyncIterator[str]:
    """Answers at once, but answers nobody for a while from the given request on."""
    served = 0
    open_again = asyncio.Event()
    open_again.set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        while await reader.readline():
            while (await reader.readline()).strip():
                pass
            served += 1
            if served == stalls_at:
                open_again.clear()
                asyncio.get_running_loop().call_later(STALL_S, open_again.set)
            await open_again.wait()
            writer.write(b"HTTP/1.1 302 Found\r\nFootpath-Outcome: routed\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}"
    finally:
        running.close()


async def test_a_stall_is_seen_by_every_scan_that_was_due_in_it() -> None:
    async with server(stalls_at=40) as url:
        told = json.loads(await open_loop(url, 100, 1.5, requests(url, ["/s/any"]), warm_s=0))
    assert told["answered"] == told["asked"] == 150
    assert told["statuses"] == {"302": 150} and told["misses"] == 0
    assert told["max"] >= 0.9 * STALL_S * 1000
    # A third of the scans were due in the stall, and waited from 0 to its whole length.
    assert told["p90"] >= 0.5 * STALL_S * 1000


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
    write_json(tmp_path / "kept.json", [Figure("a", "s", [1], at_most=2)], {"quick": True}, {})
    assert json.loads((tmp_path / "kept.json").read_text())["figures"][0]["reached"] is None


def test_what_could_not_be_measured_is_kept_with_its_reason(tmp_path: Path) -> None:
    file = tmp_path / "new" / "kept.json"
    write_json(file, [Figure("a", "s", [3, 1, 2], at_most=1)], {"quick": False}, {"sink": "ended with 1"})
    kept = json.loads(file.read_text())
    assert kept["figures"][0]["values"] == [3, 1, 2]
    assert kept["figures"][0]["median"] == 2 and kept["figures"][0]["reached"] is False
    assert kept["not_measured"] == {"sink": "ended with 1"}
