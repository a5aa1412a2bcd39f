"""Seconds until everything is ready after ``footpath up``, when the stack ran on this machine before."""

from tests.bench.figures import Figure
from tests.bench.ground import Ground
from tests.stack.whole import Street


def measure(ground: Ground) -> list[Figure]:
    street = Street(ground.new_folder("street") / "data")
    seconds: list[float] = []
    for number in range(1 + ground.rounds):
        ground.say(f"start {number + 1} of {1 + ground.rounds}")
        seconds.append(street.start())
        try:
            street.scan()
        finally:
            street.stop()
    return [
        Figure("ready after footpath up, second time", "s", seconds[1:], at_most=15),
        Figure("  ready after the first start on an empty directory", "s", seconds[:1]),
    ]
