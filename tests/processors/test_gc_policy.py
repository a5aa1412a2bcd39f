"""Reference cycles are collected while a worker is idle, and not while a batch waits."""

import asyncio
import gc
import weakref

import pytest

from processors.gc_policy import collect_when_idle


class Cycle:
    """References itself: only the garbage collector frees it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def no_automatic_collection():
    gc.disable()
    yield
    gc.enable()


async def _is_freed(idle: bool) -> bool:
    cycle = weakref.ref(Cycle())
    checked = asyncio.Semaphore(0)

    def is_idle() -> bool:
        checked.release()
        return idle

    collecting = asyncio.create_task(collect_when_idle(is_idle, every_s=0.001))
    for _ in range(2):  # the second check comes after the collection that followed the first
        await checked.acquire()
    collecting.cancel()
    return cycle() is None


def test_cycles_are_collected_while_idle():
    assert asyncio.run(_is_freed(idle=True))


def test_nothing_is_collected_while_a_batch_waits():
    assert not asyncio.run(_is_freed(idle=False))
