"""kill -9 of every process, again and again, in the middle of everything."""

import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from tests.fire.books import arrived, audit
from tests.fire.clients import Down, Phones, Till
from tests.fire.seeds import draw_seed
from tests.fire.striking import kill, serving
from tests.stack.whole import Street

PROCESSES = ("gateway", "identity", "context", "rewards", "sink", "kafka", "clickhouse")
ROUNDS, LONG_ROUNDS = 10, 200
LONGEST_MOMENT_S = 0.6
ARRIVAL_S, LONG_ARRIVAL_S = 60, 300


def victims(random: Random) -> Iterator[str]:
    """Every process once, in any order, then again in another one, without end."""
    while True:
        yield from random.sample(PROCESSES, len(PROCESSES))


@pytest.mark.timeout(3000)
def test_whatever_is_killed_nothing_acknowledged_is_lost_and_nothing_counts_twice(tmp_path: Path, long: bool) -> None:
    """The fault: any process dies at any moment while tills post and phones scan.

    The promise: what was acknowledged is there once, every scan has its answer and one decision, and everybody has the
    points that their events earn.
    """
    seed = draw_seed()
    random = Random(seed)
    killed: Counter[str] = Counter()
    restarts_s: list[float] = []
    down = Down()
    street = Street(tmp_path / "data")
    street.start()
    began = time.monotonic()
    try:
        with Till(street, seed) as till, Phones(street, seed) as phones:
            for victim in islice(victims(random), LONG_ROUNDS if long else ROUNDS):
                time.sleep(random.uniform(0, LONGEST_MOMENT_S))
                restarts_s.append(kill(street, victim, down))
                killed[victim] += 1
        struck = time.monotonic()
        serving(street)
        served = time.monotonic()
        arrived(street, till, phones, LONG_ARRIVAL_S if long else ARRIVAL_S)
        figures = audit(street, till, phones)
    finally:
        street.stop()
    assert not till.wrong + phones.wrong, (till.wrong + phones.wrong)[:5]
    unexcused = [silence for silence in phones.silences if not down.excuses(silence)]
    assert not unexcused, f"the gateway lived and gave no answer: {unexcused[:3]}"
    print(
        f"{killed.total()} kills {dict(killed)} in {struck - began:.0f} s ({sum(restarts_s):.0f} s of restarts, the "
        f"longest {max(restarts_s):.1f} s); serving {served - struck:.1f} s later, "
        f"all there {time.monotonic() - served:.1f} s later; {till.failures} batches not taken at once; {figures}"
    )
