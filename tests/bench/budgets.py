"""Grants against one budget of 100,000 on 16 partitions, by two workers; more is claimed than there is.

The claims are on the topic before the workers start; the time is that from the first answer to the last, read from
the records' stamps.
"""

import asyncio
from collections import Counter

from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure
from tests.bench.process import NotMeasured
from tests.support.claims import Answered, claims_on, spread

PARTITIONS = 16
LEAST_PER_S = 3_000
MORE_PERCENT = 10
"""Claimed beyond the budget."""


def measure(environment: BenchEnvironment) -> list[Figure]:
    size = environment.size(100_000, 2_000)
    rates: list[float] = []
    over: list[float] = []
    for number in range(environment.rounds):
        environment.progress(f"round {number + 1} of {environment.rounds}: {size:,} units")
        answered = asyncio.run(_round(environment, size))
        outcomes = Counter(one.event.outcome for one in answered)
        stamps = [one.timestamp_ms for one in answered if one.event.outcome == "granted"]
        rates.append(len(stamps) / (max(stamps) - min(stamps)) * 1000)
        over.append(float(sum(one.event.units for one in answered) - size))
        environment.progress(f"{dict(outcomes)}")
    return [
        Figure(f"grants against one budget of {size:,}, two workers", "/s", rates, at_least=LEAST_PER_S),
        Figure("  units granted beyond it, or fewer", "units", over, at_least=0, note="exactly 0 is right"),
    ]


async def _round(environment: BenchEnvironment, size: int) -> list[Answered]:
    demand = size + size * MORE_PERCENT // 100
    async with claims_on(environment.new_folder("budgets"), PARTITIONS, size) as claims:
        await claims.send(spread(demand))
        for name in ("budgets-1", "budgets-2"):
            claims.workers.start("budgets", instance=name)
        answered: list[Answered] = []
        for _ in range(600):
            await asyncio.sleep(1)
            if (count := await claims.count_answers()) >= demand:
                answered = await claims.answered()
                if len(answered) >= demand:
                    return answered
        raise NotMeasured(f"{count} answers of {demand}:\n{claims.workers.logs()}")
