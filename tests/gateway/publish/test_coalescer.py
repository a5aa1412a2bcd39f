"""Coalescing: a single caller never waits, and of many concurrent ones none waits longer than one interval."""

import asyncio

import pytest

from gateway.publish.coalescer import Coalescer
from tests.support.hangs import HANG_S

INTERVAL_S = 0.4


async def test_a_single_caller_proceeds_at_once() -> None:
    coalescer = Coalescer(interval_s=2 * HANG_S)
    async with asyncio.timeout(HANG_S):
        await coalescer.wait()


async def test_many_callers_proceed_together_after_one_interval() -> None:
    coalescer = Coalescer(INTERVAL_S)
    await coalescer.wait()
    started = asyncio.get_running_loop().time()
    proceeded: list[float] = []

    async def scan() -> None:
        await coalescer.wait()
        proceeded.append(asyncio.get_running_loop().time())

    async with asyncio.timeout(HANG_S):
        await asyncio.gather(*(scan() for _ in range(5)))
    assert proceeded[0] - started > INTERVAL_S / 2, "an interval follows the first caller"
    assert proceeded[-1] - proceeded[0] < INTERVAL_S / 2, "all of them proceed at its end"


@pytest.mark.parametrize("callers", [1, 5, 40])
async def test_a_caller_after_a_shared_turn_waits_for_an_interval_however_many_shared_it(callers: int) -> None:
    coalescer = Coalescer(INTERVAL_S)
    async with asyncio.timeout(HANG_S):
        await coalescer.wait()
        await asyncio.gather(*(coalescer.wait() for _ in range(callers)))
        proceeded = asyncio.get_running_loop().time()
        await coalescer.wait()
    assert asyncio.get_running_loop().time() - proceeded >= 0.9 * INTERVAL_S


async def test_after_an_interval_without_callers_the_next_one_proceeds_at_once() -> None:
    coalescer = Coalescer(INTERVAL_S)
    async with asyncio.timeout(HANG_S):
        await coalescer.wait()
        await coalescer.wait()
        await asyncio.sleep(3 * INTERVAL_S)
        started = asyncio.get_running_loop().time()
        await coalescer.wait()
    assert asyncio.get_running_loop().time() - started < INTERVAL_S / 2


async def test_a_caller_that_is_cancelled_holds_up_no_other() -> None:
    coalescer = Coalescer(INTERVAL_S)
    await coalescer.wait()
    leaving = asyncio.create_task(coalescer.wait())
    staying = asyncio.create_task(coalescer.wait())
    await asyncio.sleep(0)
    leaving.cancel()
    async with asyncio.timeout(HANG_S):
        await staying
    assert leaving.cancelled()
