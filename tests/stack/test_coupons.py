"""Coupons on the whole system: of many tills one wins, also while the worker that decides is killed."""

import asyncio
import threading
import time
from collections import Counter
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.coupon_tills import Tills
from tests.support.full_stack import FullStack, wait_until

pytestmark = pytest.mark.timeout(400)


def imported(stack: FullStack, folder: Path, count: int) -> list[str]:
    """New codes that tills can use."""
    codes = [f"{uuid4().hex[:12].upper()}" for _ in range(count)]
    file = folder / "codes.csv"
    file.write_text("\n".join(["code", *codes]) + "\n")
    for _ in range(2):  # once more is not too often
        done = stack.footpath("coupons", "import", "flyer", str(file))
        assert done.returncode == 0, done.stderr
    known = f"SELECT uniqExact(code) FROM coupon WHERE code IN ({', '.join(map(repr, codes))})"
    wait_until(lambda: int(stack.value(known)) == count or None, stack.logs)
    return codes


def uses(stack: FullStack, codes: list[str]) -> dict[str, list[str]]:
    """The redemptions of each code as the table has them."""
    rows = stack.rows(
        "SELECT code, groupUniqArray(redemption_id) AS uses FROM coupon_changed FINAL WHERE state = 'redeemed' "
        f"AND code IN ({', '.join(map(repr, codes))}) GROUP BY code"
    )
    return {row["code"]: row["uses"] for row in rows}


def test_of_a_thousand_tills_one_wins(stack: FullStack, tmp_path: Path, long: bool) -> None:
    count = 1000 if long else 250
    [code] = imported(stack, tmp_path, 1)
    tills = Tills(stack.run["gateway"], stack.run["api_key"])
    assert Counter(asyncio.run(tills.race(code, count))) == {200: 1, 409: count - 1}
    first = dict(tills.answers)
    asyncio.run(tills.race(code, count))
    assert tills.answers == first, "who asks again is told the same"
    wait_until(lambda: len(uses(stack, [code]).get(code, [])) == 1 or None, stack.logs)


def test_a_killed_worker_redeems_nothing_twice(stack: FullStack, tmp_path: Path, long: bool) -> None:
    codes = imported(stack, tmp_path, 1500 if long else 200)
    tills = Tills(stack.run["gateway"], stack.run["api_key"])
    done = threading.Event()

    def kill() -> None:
        while not done.wait(2.0):
            stack.kill("coupons")
            done.wait(10.0)

    killing = threading.Thread(target=kill)
    killing.start()
    try:
        asyncio.run(tills.steady(codes, 25.0))
    finally:
        done.set()
        killing.join()
    assert Counter(tills.answers.values()) == {200: len(codes)}
    asyncio.run(tills.steady(codes, 50.0))
    assert Counter(tills.answers.values()) == {200: len(codes)}, "who asks again is told the same"
    others = Tills(stack.run["gateway"], stack.run["api_key"])
    asyncio.run(others.contest(codes))
    assert Counter(others.answers.values()) == {409: len(codes)}
    wait_until(lambda: len(uses(stack, codes)) == len(codes) or None, stack.logs)
    time.sleep(1.0)
    assert {len(of_code) for of_code in uses(stack, codes).values()} == {1}
