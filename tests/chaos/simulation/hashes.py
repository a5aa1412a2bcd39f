"""Runs seeds and prints a hash of each outcome: python -m tests.chaos.simulation.hashes FIRST COUNT [BUG]"""

import sys
from collections.abc import Iterator
from contextlib import nullcontext

from tests.chaos.simulation.bugs import BUGS
from tests.chaos.simulation.scenarios import ANY_ORDER, ORDER_KEPT


def hashes(first: int, count: int) -> Iterator[str]:
    """One for each seed, on every scenario in turn."""
    scenarios = (*ORDER_KEPT, *ANY_ORDER)
    for seed in range(first, first + count):
        scenario = scenarios[seed % len(scenarios)]
        yield scenario.run(scenario.case(seed)).hash


def main(first: str, count: str, bug: str = "") -> None:
    with BUGS[bug]() if bug else nullcontext():
        print(*hashes(int(first), int(count)), sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
