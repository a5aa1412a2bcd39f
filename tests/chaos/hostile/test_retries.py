"""The fault: a client repeats one batch without end, or sends new ones without end.

The promise: one effect, the same response, and neither memory nor the time for one event grows.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from gateway.events_api.idempotency import IdempotencyCache
from tests.chaos.hostile.topics import effects, ends
from tests.support.gateway_process import GatewayClient, GatewayProcess, page_view, sale

AT_ONCE = 4
GROWTH_MB = 25


def resident_mb(pid: int) -> float:
    """Resident memory of a process in megabytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


async def test_a_batch_that_is_repeated_without_end_has_one_effect(
    gateway: GatewayProcess, bootstrap: str, long: bool
) -> None:
    before = await ends(bootstrap)
    batch = [make(event_id=str(uuid4())) for make in (page_view, sale) * 20]
    ids = [event["event_id"] for event in batch]
    assert gateway._process is not None
    async with GatewayClient(gateway) as client:

        async def retried() -> set[tuple[str, str]]:
            return set(await client.results(*batch))

        assert await retried() == {("accepted", "")}
        early = 0.0
        for number in range(2500 if long else 60):
            responses = await asyncio.gather(*(retried() for _ in range(AT_ONCE)))
            assert all(response == {("duplicate", "")} for response in responses)
            if number == 20:
                early = resident_mb(gateway._process.pid)
        assert resident_mb(gateway._process.pid) - early < GROWTH_MB
    found = await effects(bootstrap, before)
    assert found == dict.fromkeys(ids, 1)


def test_to_remember_one_id_costs_the_same_however_many_were_forgotten() -> None:
    cache = IdempotencyCache(max_events=50_000)
    numbers = iter(range(1_000_000))

    def add(count: int) -> Callable[[], object]:
        events = {f"till/{next(numbers):032d}": bytes(16) for _ in range(count)}
        return lambda: cache.add(events)

    filling = fastest(add, 5)
    for _ in range(10):
        add(5_000)()
    assert fastest(add, 5) < 12 * filling


def fastest(add: Callable[[int], Callable[[], object]], rounds: int) -> float:
    """Least seconds of several rounds, so that time taken by other processes does not count."""

    def timed(work: Callable[[], object]) -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    return min(timed(add(5_000)) for _ in range(rounds))
