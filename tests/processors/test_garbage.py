"""Objects that hold each other go while a worker is at rest, and do not hold it up while something waits."""

import asyncio
import gc
import weakref

import pytest

from processors.garbage import collect_at_rest


class Knot:
    """Holds itself: only a search for cycles frees it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def no_other_search():
    gc.disable()
    yield
    gc.enable()


async def _is_freed(idle: bool) -> bool:
    knot = weakref.ref(Knot())
    asked = asyncio.Semaphore(0)

    def is_idle() -> bool:
        asked.release()
        return idle

    tidying = asyncio.create_task(collect_at_rest(is_idle, every_s=0.001))
    for _ in range(2):  # who asks again is through with the first time
        await asked.acquire()
    tidying.cancel()
    return knot() is None


def test_at_rest_they_are_found_and_go():
    assert asyncio.run(_is_freed(idle=True))


def test_while_something_waits_nobody_looks():
    assert not asyncio.run(_is_freed(idle=False))
