"""Requests to Kafka that scans share: alone a scan never waits, in a crowd none waits longer than one rest."""

import asyncio

import pytest

from gateway.turns import Turns

REST_S = 0.05
SOON_S = 5.0


async def test_who_comes_alone_goes_at_once() -> None:
    turns = Turns(rest_s=SOON_S)
    async with asyncio.timeout(SOON_S / 2):
        await turns.take()


async def test_a_crowd_goes_together_after_one_rest() -> None:
    turns = Turns(REST_S)
    await turns.take()
    came = asyncio.get_running_loop().time()
    went: list[float] = []

    async def scan() -> None:
        await turns.take()
        went.append(asyncio.get_running_loop().time())

    async with asyncio.timeout(SOON_S):
        await asyncio.gather(*(scan() for _ in range(5)))
    assert went[0] - came > REST_S / 2, "the first turn is rested from"
    assert went[-1] - went[0] < REST_S / 2, "all of them share the second"


@pytest.mark.parametrize("crowd", [1, 5, 40])
async def test_who_comes_after_a_turn_waits_for_a_rest_however_many_shared_it(crowd: int) -> None:
    turns = Turns(REST_S)
    async with asyncio.timeout(SOON_S):
        await turns.take()
        await asyncio.gather(*(turns.take() for _ in range(crowd)))
        went = asyncio.get_running_loop().time()
        await turns.take()
    assert asyncio.get_running_loop().time() - went >= 0.9 * REST_S


async def test_after_a_rest_in_which_nobody_came_the_next_goes_at_once() -> None:
    turns = Turns(REST_S)
    async with asyncio.timeout(SOON_S):
        await turns.take()
        await turns.take()
        await asyncio.sleep(3 * REST_S)
        came = asyncio.get_running_loop().time()
        await turns.take()
    assert asyncio.get_running_loop().time() - came < REST_S / 2


async def test_who_gives_up_waiting_takes_nobody_elses_turn() -> None:
    turns = Turns(REST_S)
    await turns.take()
    leaving = asyncio.create_task(turns.take())
    staying = asyncio.create_task(turns.take())
    await asyncio.sleep(0)
    leaving.cancel()
    async with asyncio.timeout(SOON_S):
        await staying
    assert leaving.cancelled()
