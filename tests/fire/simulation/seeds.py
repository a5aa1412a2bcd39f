"""Runs of seeds, one after the other from the seed of the run, and what is told of one that fails."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from tests.fire.seeds import VARIABLE, draw_seed
from tests.fire.simulation.case import Case
from tests.fire.simulation.scenarios import Scenario
from tests.fire.simulation.shrink import shrunk, story

Plant = Callable[[], AbstractContextManager[Any]]
CHUNK = 250
"""Seeds of one test."""
SHORT_CHUNKS, LONG_CHUNKS = 4, 100
"""Tests of each of three files: 3,000 seeds, or 75,000."""
HERE = Path(__file__).parent.relative_to(Path(__file__).parents[3])


def seeds(chunk: int) -> range:
    """Seeds of a chunk. The first one of chunk 0 is the run's: a seed that failed fails again at once."""
    start = draw_seed() + chunk * CHUNK
    return range(start, start + CHUNK)


def problem(scenario: Scenario, case: Case, plant: Plant = nullcontext) -> str:
    """What is wrong with what comes out of the case, with a bug planted or as it is; empty when all laws hold."""
    law = scenario.law(case.history)
    with plant():
        try:
            outcome = scenario.play(case)
        except Exception as error:
            return _told(error)
    try:
        law(outcome)
    except AssertionError as error:
        return _told(error)
    return ""


def _told(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


def hold(scenarios: Sequence[Scenario], chunk: int, test: str) -> None:
    """Plays the chunk, each seed on one of the scenarios. ``test`` is the test's file and name.

    :raises AssertionError: a law does not hold; the message has the smallest history found and how to see it again.
    """
    for seed in seeds(chunk):
        scenario = scenarios[seed % len(scenarios)]
        case = scenario.case(seed)
        if found := problem(scenario, case):
            small = shrunk(case, lambda one, scenario=scenario: bool(problem(scenario, one)))
            raise AssertionError(
                f"{scenario.name}, seed {seed}: {found}\n\n{story(small)}\n{problem(scenario, small)}\n\n"
                f"Again: {again(seed, test)}"
            )


def again(seed: int, test: str) -> str:
    """The command that plays this seed first."""
    return f"{VARIABLE}={seed} python -m pytest '{HERE}/{test}[0]'"
