"""Every process is killed with SIGKILL repeatedly, at random moments, while clients send requests."""

import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from tests.chaos.books import books_brand
from tests.chaos.phone_clients import GatewayDowntime, PhoneClients
from tests.chaos.reconciliation import reconcile, wait_until_stored
from tests.chaos.signals import kill, wait_until_serving
from tests.support.full_stack import FullStack
from tests.support.seeds import draw_seed
from tests.support.till_client import TillClient

PROCESSES = ("gateway", "identity", "context", "rewards", "sink", "kafka", "clickhouse")
ROUNDS, LONG_ROUNDS = len(PROCESSES), 200
MAX_PAUSE_S = 0.6
"""Between two kills."""


def processes_to_kill(random: Random) -> Iterator[str]:
    """All processes in random order, then again in another random order, without end."""
    while True:
        yield from random.sample(PROCESSES, len(PROCESSES))


@pytest.mark.timeout(3000)
def test_whatever_is_killed_nothing_acknowledged_is_lost_and_nothing_counts_twice(tmp_path: Path, long: bool) -> None:
    """Any process is killed at any moment while tills post and phones scan.

    Everything acknowledged is stored once, every scan has an answer and one decision, and every person has the points
    that their events earn.
    """
    seed = draw_seed()
    random = Random(seed)
    kills: Counter[str] = Counter()
    restarts_s: list[float] = []
    downtime = GatewayDowntime()
    stack = FullStack(tmp_path / "data", FOOTPATH_BRAND=str(books_brand(tmp_path)))
    stack.start()
    began = time.monotonic()
    try:
        with TillClient(stack, seed) as till, PhoneClients(stack, seed) as phones:
            for process in islice(processes_to_kill(random), LONG_ROUNDS if long else ROUNDS):
                time.sleep(random.uniform(0, MAX_PAUSE_S))
                restarts_s.append(kill(stack, process, downtime))
                kills[process] += 1
        last_fault = time.monotonic()
        wait_until_serving(stack)
        serving = time.monotonic()
        wait_until_stored(stack, till, phones)
        reconciliation = reconcile(stack, till, phones)
    finally:
        stack.stop()
    assert not till.violations + phones.violations, (till.violations + phones.violations)[:5]
    unexplained = [missing for missing in phones.missing_answers if not downtime.explains(missing)]
    assert not unexplained, f"the gateway ran and gave no answer: {unexplained[:3]}"
    print(
        f"{kills.total()} kills {dict(kills)} in {last_fault - began:.0f} s ({sum(restarts_s):.0f} s of restarts, the "
        f"longest {max(restarts_s):.1f} s); serving {serving - last_fault:.1f} s after the last kill, everything "
        f"stored {time.monotonic() - serving:.1f} s later; {till.failed_batches} batches failed; {reconciliation}"
    )
