"""A scan and its decided answer, through gateway, identity, context and back, on the embedded stack; open loop.

Phones are a process of their own on the same cores and scan the demo brand's tags. Times count from when a scan was
due. A miss is an answer that carries the tag's fallback because the stream's came too late. What is held to the targets
comes last, a minute or two after the start; the first seconds stand on lines of their own. In one case a till imports
meanwhile, out of order and often twice, events that join and move people.
"""

from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from typing import Any

from tests.bench import people
from tests.bench.figures import Figure, shown
from tests.bench.ground import Ground, NotMeasured
from tests.bench.machine import by_pid, cpu_s
from tests.bench.phones import WARM_S
from tests.fire.clients import Till
from tests.stack.whole import Street

RATE = 200
IMPORT_EVERY_S = 1.0
"""A batch of 150 events comes then: 105 new ones, the others for the second time."""

SEEDS = count()
"""Each import brings people of its own."""


@dataclass(frozen=True)
class Case:
    """So many scans a second, by phones that were never seen or come again."""

    rate: int
    devices: str
    seconds: int
    imports: bool = False

    def __str__(self) -> str:
        return f"{self.rate} scans/s, {self.devices} devices, {self.seconds} s" + ", beside an import" * self.imports


@dataclass(frozen=True)
class Answers:
    """What the phones told, and the CPU time of each process for one scan in milliseconds."""

    told: dict[str, Any]
    cpu_ms: dict[str, float]


def measure(ground: Ground) -> list[Figure]:
    short = ground.size(20, 5)
    cases = [
        Case(RATE, "new", ground.size(60, 10)),
        Case(RATE, "returning", ground.size(30, 5)),
        Case(100, "new", short),
        Case(100, "new", short, imports=True),
        Case(50, "new", short),
    ]
    found: dict[Case, list[Answers]] = defaultdict(list)
    started = Case(RATE, "new", short)
    with ground.street() as street:
        street.scan()
        ground.say(f"just started: {started}")
        first = run(ground, street, started)
        for number in range(ground.rounds):
            for case in reversed(cases):
                ground.say(f"round {number + 1} of {ground.rounds}: {case}")
                answers = run(ground, street, case)
                found[case].append(answers)
                told = answers.told
                ground.say(f"p50 {told['p50']:.1f} ms, p99 {told['p99']:.1f} ms, {told['misses']} misses")
    told = first.told
    cold = Figure("scan, the same from the start of the stack on, p50", "ms", [told["p50"]], note=str(started))
    return [
        *(figure for case in cases for figure in _figures(case, found[case])),
        cold,
        Figure("  p99", "ms", [told["p99"]], note="Kafka's compiler is at work then"),
    ]


def run(ground: Ground, street: Street, case: Case) -> Answers:
    tags = [f"/s/{tag}" for tag in people.demo_brand().tags]
    pids = by_pid(street.run["processes"])
    before = {name: cpu_s(pid) for name, pid in pids.items()}
    arguments = ("open", street.run["gateway"], str(case.rate), str(case.seconds), case.devices, *tags)
    with ExitStack() as stack:
        if case.imports:
            till = Till(street, next(SEEDS))
            till.pause_s = IMPORT_EVERY_S
            stack.enter_context(till)
        phones = stack.enter_context(ground.process("phones", "tests.bench.phones", *arguments))
        told = phones.told(case.seconds + 60)
    if told["answered"] < told["asked"] or set(told["statuses"]) - {"200", "302"}:
        raise NotMeasured(f"of {told['asked']} scans {told['answered']} were answered: {told['statuses']}")
    if by_pid(street.run["processes"]) != pids:
        raise NotMeasured("a process of the stack died meanwhile")
    scans = case.rate * (case.seconds + WARM_S)
    return Answers(told, {name: (cpu_s(pid) - before[name]) / scans * 1000 for name, pid in pids.items()})


def _figures(case: Case, found: list[Answers]) -> list[Figure]:
    def of(name: str) -> list[float]:
        return [answers.told[name] for answers in found]

    is_target = case.rate == RATE and case.devices == "new"
    title = f"at {case.rate}/s, {case.devices} devices" + ", beside an import" * case.imports
    misses = [100 * answers.told["misses"] / answers.told["asked"] for answers in found]
    cpu = [sum(answers.cpu_ms.values()) for answers in found]
    last = sorted(found[-1].cpu_ms.items(), key=lambda one: -one[1])
    by_process = ", ".join(f"{name} {shown(ms)}" for name, ms in last)
    head = f"scan {title}" if is_target else f"  {title}"
    cost = [] if case.imports else [Figure(f"{head}: CPU of one scan", "ms", cpu, note=by_process)]
    return [
        Figure(f"{head}: p50", "ms", of("p50"), at_most=25 if is_target else None),
        Figure(f"{head}: p99", "ms", of("p99"), at_most=80 if is_target else None),
        Figure(f"{head}: misses", "%", misses, at_most=0.1 if is_target else None),
        *cost,
    ]
