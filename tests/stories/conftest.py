"""Each story is told twice over: once as it is, once with every event repeated and the whole told again at the end."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from processors.context.core import PROCESSOR as CONTEXT
from processors.identity.core import PROCESSOR as IDENTITY
from processors.rewards.core import PROCESSOR as REWARDS
from processors.step import Processor
from processors.world import World
from tests.stories.stage import Stage
from tests.stories.world import world

Build = Callable[..., Stage]


@pytest.fixture(params=["once", "twice"])
def play(request: pytest.FixtureRequest) -> Iterator[Callable[[Processor[Any], World], Stage]]:
    """Builds stages; at the end of the test each that tells twice tells its story again."""
    stages: list[Stage] = []

    def build(processor: Processor[Any], where: World) -> Stage:
        stages.append(Stage(processor, where, twice=request.param == "twice"))
        return stages[-1]

    yield build
    for stage in stages:
        if stage.twice:
            stage.tells_again()


@pytest.fixture
def rewards(play: Build) -> Stage:
    return play(REWARDS, world())


@pytest.fixture
def identity(play: Build) -> Stage:
    return play(IDENTITY, world())


@pytest.fixture
def context(play: Build) -> Callable[[World], Stage]:
    """Context in a world that the story sets out."""
    return lambda where: play(CONTEXT, where)
