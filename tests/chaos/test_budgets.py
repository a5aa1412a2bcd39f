"""A budget on a Kafka with 16 partitions, whose workers are killed and paused: exactly as much is granted as there
is."""

import asyncio
import signal
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.support.claims import Claims, claim, claims_on, spread
from tests.support.seeds import draw_seed
from tests.support.stream_cluster import until

PARTITIONS = 16
SIZE, LONG_SIZE = 3_000, 100_000
KILLS, LONG_KILLS = 2, 10
WORKERS = ("budgets-1", "budgets-2")


@pytest.mark.timeout(3000)
async def test_not_one_unit_over_and_none_left_whatever_is_killed(tmp_path: Path, long: bool) -> None:
    """Claims for a third more than there is, some of them sent again, while workers are killed; one is paused until
    the group has removed it, and goes on then."""
    seed = draw_seed()
    random, size, kills = Random(seed), LONG_SIZE if long else SIZE, LONG_KILLS if long else KILLS
    demand = size * 4 // 3
    async with claims_on(tmp_path, PARTITIONS, size) as claims:
        for worker in WORKERS:
            claims.workers.start("budgets", instance=worker)
        sending = asyncio.create_task(claims.send(spread(demand, again_every=10)))
        began = time.monotonic()
        for number in range(kills):
            await asyncio.sleep(random.uniform(0.5, 4))
            worker = random.choice(WORKERS)
            if number % 2:
                await _pause(claims, worker)
            else:
                claims.workers.kill(worker)
                claims.workers.start("budgets", instance=worker)
        await sending
        answers = await _all_answered(claims, demand)
        messages = await claims.messages()
        print(f"{demand} claims answered in {time.monotonic() - began:.0f} s, {kills} faults; {dict(messages)}")
        assert Counter(one.outcome for one in answers) == {"granted": size, "exhausted": demand - size}
        assert sum(one.units for one in answers) == size
        assert len({one.claim_id for one in answers}) == len(answers) == demand

        await claims.resize(size + 100)
        await claims.send(claim(number) for number in range(demand, demand + 120))
        answers = await _all_answered(claims, demand + 120)
        assert sum(one.units for one in answers) == size + 100


async def _pause(claims: Claims, instance: str) -> None:
    """A worker sleeps until its partitions are somebody else's. One that finds itself removed may end."""
    worker = claims.workers.workers[instance]
    worker.send_signal(signal.SIGSTOP)
    await asyncio.sleep(3.5)
    worker.send_signal(signal.SIGCONT)
    await asyncio.sleep(1)
    if worker.poll() is not None:
        claims.workers.start("budgets", instance=instance)


async def _all_answered(claims: Claims, demand: int) -> list:  # type: ignore[type-arg]
    found = []

    async def are_all() -> bool:
        found[:] = await claims.answers()
        for instance, worker in claims.workers.workers.items():
            assert worker.poll() is None, claims.workers.log(instance)[-3000:]
        return len({one.claim_id for one in found}) >= demand

    await until(are_all, f"{demand} answers", lambda: f"{len(found)} answers\n{claims.workers.logs()}")
    return found
