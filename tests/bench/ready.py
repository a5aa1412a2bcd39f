"""Seconds from ``footpath up`` until everything is ready, on a data directory that was used before."""

from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure
from tests.support.full_stack import FullStack


def measure(environment: BenchEnvironment) -> list[Figure]:
    stack = FullStack(environment.new_folder("stack") / "data")
    seconds: list[float] = []
    for number in range(1 + environment.rounds):
        environment.progress(f"start {number + 1} of {1 + environment.rounds}")
        seconds.append(stack.start())
        try:
            stack.scan()
        finally:
            stack.stop()
    return [
        Figure("ready after footpath up, second time", "s", seconds[1:], at_most=15),
        Figure("  the first time, on an empty directory", "s", seconds[:1]),
    ]
