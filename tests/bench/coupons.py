"""Redemptions of coupons beside scans, through gateway, coupons and back, on the embedded stack; open loop.

Each till redeems a code of its own, with a basket, so a redemption goes through the key of the code and that of the
basket. Latencies count from the time at which a redemption was due. At the end each code is tried once more by another
till: a second yes would be a double.
"""

import asyncio
from collections import Counter
from uuid import uuid4

from tests.bench import workload
from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure
from tests.bench.load_generator import WARM_UP_S
from tests.bench.process import NotMeasured
from tests.support.coupon_tills import Tills
from tests.support.full_stack import FullStack, wait_until

REDEMPTIONS_PER_S = 50
SCANS_PER_S = 100
CONTESTED = 200


def measure(environment: BenchEnvironment) -> list[Figure]:
    seconds = environment.size(40, 6)
    p50, p99, doubles, scans = [], [], [], []
    with environment.full_stack() as stack:
        stack.scan()
        for number in range(environment.rounds):
            environment.progress(f"round {number + 1} of {environment.rounds}: {seconds} s")
            codes = imported(environment, stack, (seconds + 3) * REDEMPTIONS_PER_S)
            tills, warm = Tills(stack.run["gateway"], stack.run["api_key"]), 3 * REDEMPTIONS_PER_S
            asyncio.run(tills.steady(codes[:warm], REDEMPTIONS_PER_S))
            tills.waits.clear()
            tags = [f"/s/{tag.id}" for tag in workload.demo_brand().tags.values() if not tag.security]
            arguments = ("open", stack.run["gateway"], str(SCANS_PER_S), str(seconds), "new", *tags)
            with environment.process("load", "tests.bench.load_generator", *arguments) as generator:
                asyncio.run(asyncio.sleep(WARM_UP_S))
                asyncio.run(tills.steady(codes[warm:], REDEMPTIONS_PER_S))
                load = generator.json_output(seconds + 60)
            if Counter(tills.answers.values()) != {200: len(codes)}:
                raise NotMeasured(f"answers by status: {Counter(tills.answers.values())}")
            waits = sorted(tills.waits)
            p50.append(1000 * waits[len(waits) // 2])
            p99.append(1000 * waits[len(waits) * 99 // 100])
            scans.append(load["p99"])
            others = Tills(stack.run["gateway"], stack.run["api_key"])
            asyncio.run(others.contest(codes[-CONTESTED:]))
            doubles.append(float(Counter(others.answers.values())[200]))
    title = f"coupon redeemed, {REDEMPTIONS_PER_S}/s beside {SCANS_PER_S} scans/s"
    return [
        Figure(f"{title}: p50", "ms", p50, at_most=50),
        Figure("  p99", "ms", p99, at_most=300),
        Figure("  second redemptions that were taken", "", doubles, at_most=0, note=f"of {CONTESTED} tried"),
        Figure("  p99 of the scans beside it", "ms", scans),
    ]


def imported(environment: BenchEnvironment, stack: FullStack, count: int) -> list[str]:
    """Codes that tills can use."""
    file = environment.new_folder("codes") / "codes.csv"
    codes = [uuid4().hex[:16].upper() for _ in range(count)]
    file.write_text("\n".join(["code", *codes]) + "\n")
    done = stack.footpath("coupons", "import", "flyer", str(file))
    if done.returncode:
        raise NotMeasured(done.stderr)
    known = "SELECT count() FROM coupon WHERE pool = 'flyer' AND state = 'issued'"
    wait_until(lambda: int(stack.value(known)) >= count or None)
    return codes
