"""A budget on a Kafka with 16 partitions, whose workers are killed and paused: exactly as much is granted as there
is."""

import asyncio
import signal
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from schemas.events import BudgetAnswered, RewardPosted
from tests.support.builders import build_events, merged, purchase, returned
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


PEOPLE, LONG_PEOPLE = 300, 5_000
SALE_POINTS = 10


@pytest.mark.timeout(3000)
async def test_the_ledger_has_what_the_budget_granted_whatever_is_killed_merged_and_returned(
    tmp_path: Path, long: bool
) -> None:
    """Two workers of rewards and two of budgets. People buy, some turn out to be one, some bring goods back, and one
    worker after the other is killed; in the end the ledger has exactly the budget."""
    seed = draw_seed()
    random, people, kills = Random(seed), LONG_PEOPLE if long else PEOPLE, LONG_KILLS if long else 3
    size = people * SALE_POINTS * 2 // 3
    names = [f"customer-{number}" for number in range(people)]
    story = build_events(*(purchase("10.00", who=who, name=f"sale-{who}") for who in names))
    for number in range(0, people, 3):
        story.insert(random.randrange(len(story)), build_events(merged(names[number], names[number + 1]))[0])
        back = build_events(returned("4.00", of=f"sale-{names[number + 2]}", name=f"return-{number}"))
        story.insert(random.randrange(len(story)), back[0])
    workers = [("rewards", "rewards-1"), ("rewards", "rewards-2"), ("budgets", "budgets-1"), ("budgets", "budgets-2")]
    async with claims_on(tmp_path, PARTITIONS, size) as claims:
        for processor, instance in workers:
            claims.workers.start(processor, instance=instance)
        for number in range(kills):
            await claims.send(story[number::kills])
            await asyncio.sleep(random.uniform(0.5, 3))
            processor, instance = random.choice(workers)
            claims.workers.kill(instance)
            claims.workers.start(processor, instance=instance)
        await _agree(claims, people)
        # Returns may have given back what nobody claimed any more: whoever buys now gets it.
        more = [f"late-{number}" for number in range(people)]
        await claims.send(build_events(*(purchase("10.00", who=who, name=f"sale-{who}") for who in more)))
        posted = await _agree(claims, 2 * people)
        assert sum(one.points for one in posted) == size
        assert all(one.campaign == "spring" and one.claim_id for one in posted if one.kind == "earned")


async def _agree(claims: Claims, sales: int) -> list[RewardPosted]:
    """Waits until every sale has claimed, every claim has its answer, and the ledger has what they hold."""
    found: list[RewardPosted] = []
    seen: list[str] = []

    async def do_agree() -> bool:
        claimed, answered = await claims.claimed(), {one.claim_id for one in await claims.answers()}
        found[:] = await claims.posted("spring")
        held, paid = await claims.held(), sum(one.points for one in found)
        seen[:] = [f"{len(claimed)} claims of {sales}, {len(answered)} answers; {paid} paid, {held} held"]
        return len(claimed) == sales and claimed <= answered and paid == held

    await until(do_agree, "ledger and budget to agree", lambda: f"{seen}\n{claims.workers.logs()}")
    return found


async def _pause(claims: Claims, instance: str) -> None:
    """A worker sleeps until its partitions are somebody else's. One that finds itself removed may end."""
    worker = claims.workers.workers[instance]
    worker.send_signal(signal.SIGSTOP)
    await asyncio.sleep(3.5)
    worker.send_signal(signal.SIGCONT)
    await asyncio.sleep(1)
    if worker.poll() is not None:
        claims.workers.start("budgets", instance=instance)


async def _all_answered(claims: Claims, demand: int) -> list[BudgetAnswered]:
    found: list[BudgetAnswered] = []

    async def are_all() -> bool:
        found[:] = await claims.answers()
        for instance, worker in claims.workers.workers.items():
            assert worker.poll() is None, claims.workers.log(instance)[-3000:]
        return len({one.claim_id for one in found}) >= demand

    await until(are_all, f"{demand} answers", lambda: f"{len(found)} answers\n{claims.workers.logs()}")
    return found
