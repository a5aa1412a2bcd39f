"""Chunks of seeds, counted from the run's seed, and the report of one that fails."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from tests.chaos.simulation.case import Case
from tests.chaos.simulation.scenarios import Scenario
from tests.chaos.simulation.shrink import description, shrunk
from tests.support.randomness import SEED
from tests.support.seeds import draw_seed

Plant = Callable[[], AbstractContextManager[Any]]
CHUNK = 250
"""Seeds of one test."""
SHORT_CHUNKS, LONG_CHUNKS = 1, 100
"""Chunks of each test file: 250 seeds, or 25,000."""
HERE = Path(__file__).parent.relative_to(Path(__file__).parents[3])


def seeds(chunk: int) -> range:
    """Seeds of a chunk. The first seed of chunk 0 is the run's, so a seed that failed is the first to run again."""
    start = draw_seed() + chunk * CHUNK
    return range(start, start + CHUNK)


def problem(scenario: Scenario, case: Case, plant: Plant = nullcontext) -> str:
    """What is wrong with the outcome of the case, with or without a planted bug; empty when nothing is."""
    check = scenario.check(case.history)
    with plant():
        try:
            outcome = scenario.run(case)
        except Exception as error:
            return _message(error)
    try:
        check(outcome)
    except AssertionError as error:
        return _message(error)
    return ""


def _message(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


def check_seeds(scenarios: Sequence[Scenario], chunk: int, test: str) -> None:
    """Runs the chunk, each seed on one of the scenarios.

    :param test: the test's file and name. :raises AssertionError: a check failed; the message has the smallest failing
        history that was found and the command that runs it again.
    """
    for seed in seeds(chunk):
        scenario = scenarios[seed % len(scenarios)]
        case = scenario.case(seed)
        if found := problem(scenario, case):
            small = shrunk(case, lambda one, scenario=scenario: bool(problem(scenario, one)))
            raise AssertionError(
                f"{scenario.name}, seed {seed}: {found}\n\n{description(small)}\n{problem(scenario, small)}\n\n"
                f"Again: {command_for(seed, test)}"
            )


def command_for(seed: int, test: str) -> str:
    """The command that runs this seed first."""
    return f"{SEED}={seed} python -m pytest '{HERE}/{test}[0]'"
