"""Every story runs twice: once as it is, once with every event repeated and all of them applied again at the end."""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from processors.consent.core import PROCESSOR as CONSENT
from processors.context.core import PROCESSOR as CONTEXT
from processors.identity.core import PROCESSOR as IDENTITY
from processors.intake.core import PROCESSOR as INTAKE
from processors.reference import Reference
from processors.rewards.core import PROCESSOR as REWARDS
from processors.step import Processor
from schemas.events import TouchpointRecorded
from tests.support.harness import Harness
from tests.support.identity.builders import event
from tests.support.identity.network import Network
from tests.support.identity.outcome import Outcome, Run
from tests.support.reference import reference
from tests.support.seeds import draw_seed

Build = Callable[..., Harness]


@pytest.fixture(params=["once", "twice"])
def build_harness(request: pytest.FixtureRequest) -> Iterator[Callable[[Processor[Any], Reference], Harness]]:
    """Builds harnesses; those with ``twice`` apply all their events again at the end of the test."""
    harnesses: list[Harness] = []

    def build(processor: Processor[Any], where: Reference) -> Harness:
        harnesses.append(Harness(processor, where, twice=request.param == "twice"))
        return harnesses[-1]

    yield build
    for harness in harnesses:
        if harness.twice:
            harness.replay()


@pytest.fixture
def rewards(build_harness: Build) -> Harness:
    return build_harness(REWARDS, reference())


@pytest.fixture
def consent(build_harness: Build) -> Harness:
    return build_harness(CONSENT, reference())


@pytest.fixture
def identity(build_harness: Build) -> Harness:
    return build_harness(IDENTITY, reference())


@pytest.fixture
def intake(build_harness: Build) -> Harness:
    return build_harness(INTAKE, reference())


@pytest.fixture
def context(build_harness: Build) -> Callable[[Reference], Harness]:
    """Context with the reference data that a test gives."""
    return lambda where: build_harness(CONTEXT, where)


@pytest.fixture(params=["in order", "mixed", "twice"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a story of identity on several partitions; at the end every identifier has a touchpoint of its own, so that
    its person is published."""

    def run_story(events: Sequence[TouchpointRecorded], where: Reference | None = None) -> Outcome:
        chance = random.Random(draw_seed())
        shown = dict.fromkeys(i for e in events for i in e.identifiers if not i.endswith(":blocked"))
        arriving = [*events, *(event(10_000, identifier) for identifier in shown)]
        if request.param == "mixed":
            chance.shuffle(arriving)
        network = Network(where or reference(), chance, 4, crashes=0.02)
        network.run(arriving, backlog=5)
        if request.param == "twice":
            network.run(arriving)
        return Outcome(network)

    return run_story
