"""Long work is done in turns: one request at a time, keys after each other, and scans in between."""

import asyncio
import time

from gateway.http.turns import SLICE_S, Turns


async def work(turns: Turns, key: str, slices: int, done: list[str], name: str = "") -> None:
    for _ in range(slices):
        async with turns.slice(key) as turn:
            while not turn.spent:
                pass
        done.append(name or key)


async def test_keys_take_turns_however_many_requests_one_has() -> None:
    turns, done = Turns(), list[str]()
    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(work(turns, "web", 10, done))
        await asyncio.sleep(0)
        group.create_task(work(turns, "till", 5, done))
    assert done.count("web") == 200
    last = max(at for at, key in enumerate(done) if key == "till")
    assert last < 20, "each slice of the till waits for one of the web key's, not for its twenty requests"


async def test_the_requests_of_a_key_take_turns() -> None:
    turns, done = Turns(), list[str]()
    async with asyncio.TaskGroup() as group:
        group.create_task(work(turns, "web", 50, done, "long"))
        await asyncio.sleep(0)
        group.create_task(work(turns, "web", 1, done, "short"))
    assert done.index("short") < 5


async def test_between_two_slices_the_event_loop_serves_others() -> None:
    turns, rounds, working = Turns(), 0, True

    async def others() -> None:
        nonlocal rounds
        while working:
            rounds += 1
            await asyncio.sleep(0)

    serving = asyncio.create_task(others())
    done = list[str]()
    await asyncio.gather(work(turns, "a", 20, done), work(turns, "b", 20, done))
    working = False
    await serving
    assert rounds >= len(done), "a round after each slice"


async def test_after_work_that_cannot_be_cut_the_loop_rests_as_long() -> None:
    turns = Turns()
    began = time.perf_counter()
    async with turns.slice("web"):
        time.sleep(10 * SLICE_S)  # noqa: ASYNC251 an event that takes long
    assert time.perf_counter() - began > 18 * SLICE_S


async def test_a_failure_ends_its_turn() -> None:
    turns = Turns()
    for _ in range(3):
        try:
            async with turns.slice("web"):
                raise ValueError
        except ValueError:
            pass
    async with asyncio.timeout(10), turns.slice("web"):
        pass
