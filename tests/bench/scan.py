"""A scan and its decision, through gateway, identity, context and back, on the embedded stack; open loop.

The load generator is a process of its own on the same cores and scans the demo brand's tags. Latencies count from the
time at which a scan was due. A miss is a response with the tag's fallback, because the decision came too late. The case
with targets is measured last in each round, a minute or two after the start; the first seconds after the start have
figures of their own. In one case a till sends, at the same time, events that link and move people, out of order and
partly twice.
"""

from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from typing import Any

from tests.bench import workload
from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure, format_number
from tests.bench.load_generator import WARM_UP_S
from tests.bench.machine import cpu_s, unique_processes
from tests.bench.process import NotMeasured
from tests.support.full_stack import FullStack
from tests.support.till_client import TillClient

RATE = 200
IMPORT_EVERY_S = 1.0
"""Interval between batches of 150 events: 105 new ones, the others repeated."""

SEEDS = count()
"""Each import has people of its own."""


@dataclass(frozen=True)
class Case:
    """``rate`` is in scans per second; ``devices`` is new or returning."""

    rate: int
    devices: str
    seconds: int
    imports: bool = False

    def __str__(self) -> str:
        return f"{self.rate} scans/s, {self.devices} devices, {self.seconds} s" + ", beside an import" * self.imports


@dataclass(frozen=True)
class CaseResult:
    """Output of the load generator, and the CPU time of each process per scan in milliseconds."""

    load: dict[str, Any]
    cpu_ms: dict[str, float]


def measure(environment: BenchEnvironment) -> list[Figure]:
    short = environment.size(20, 5)
    cases = [
        Case(RATE, "new", environment.size(60, 10)),
        Case(RATE, "returning", environment.size(30, 5)),
        Case(100, "new", short),
        Case(100, "new", short, imports=True),
        Case(50, "new", short),
    ]
    results: dict[Case, list[CaseResult]] = defaultdict(list)
    started = Case(RATE, "new", short)
    with environment.full_stack() as full_stack:
        full_stack.scan()
        environment.progress(f"just started: {started}")
        first = run(environment, full_stack, started)
        for number in range(environment.rounds):
            for case in reversed(cases):
                environment.progress(f"round {number + 1} of {environment.rounds}: {case}")
                result = run(environment, full_stack, case)
                results[case].append(result)
                load = result.load
                environment.progress(f"p50 {load['p50']:.1f} ms, p99 {load['p99']:.1f} ms, {load['misses']} misses")
    cold = Figure("scan, immediately after the start of the stack: p50", "ms", [first.load["p50"]], note=str(started))
    return [
        *(figure for case in cases for figure in _figures(case, results[case])),
        cold,
        Figure("  p99", "ms", [first.load["p99"]], note="the JVM still compiles Kafka"),
    ]


def run(environment: BenchEnvironment, full_stack: FullStack, case: Case) -> CaseResult:
    tags = [f"/s/{tag.id}" for tag in workload.demo_brand().tags.values() if not tag.security]
    pids = unique_processes(full_stack.run["processes"])
    before = {name: cpu_s(pid) for name, pid in pids.items()}
    devices = case.devices if case.devices == "new" else str(full_stack.data / "secrets" / "identifier.key")
    arguments = ("open", full_stack.run["gateway"], str(case.rate), str(case.seconds), devices, *tags)
    with ExitStack() as stack:
        if case.imports:
            till = TillClient(full_stack, next(SEEDS))
            till.pause_s = IMPORT_EVERY_S
            stack.enter_context(till)
        generator = stack.enter_context(environment.process("load", "tests.bench.load_generator", *arguments))
        load = generator.json_output(case.seconds + 60)
    if load["responses"] < load["requests"] or set(load["statuses"]) - {"200", "302"}:
        raise NotMeasured(f"{load['responses']} responses to {load['requests']} scans, by status: {load['statuses']}")
    if unique_processes(full_stack.run["processes"]) != pids:
        raise NotMeasured("a process of the stack was restarted during the run")
    scans = case.rate * (case.seconds + WARM_UP_S)
    return CaseResult(load, {name: (cpu_s(pid) - before[name]) / scans * 1000 for name, pid in pids.items()})


def _figures(case: Case, results: list[CaseResult]) -> list[Figure]:
    def of(name: str) -> list[float]:
        return [result.load[name] for result in results]

    is_target = case.rate == RATE and case.devices == "new"
    title = f"at {case.rate}/s, {case.devices} devices" + ", beside an import" * case.imports
    misses = [100 * result.load["misses"] / result.load["requests"] for result in results]
    cpu = [sum(result.cpu_ms.values()) for result in results]
    last = sorted(results[-1].cpu_ms.items(), key=lambda one: -one[1])
    by_process = ", ".join(f"{name} {format_number(ms)}" for name, ms in last)
    head = f"scan {title}" if is_target else f"  {title}"
    cost = [] if case.imports else [Figure(f"{head}: CPU of one scan", "ms", cpu, note=by_process)]
    return [
        Figure(f"{head}: p50", "ms", of("p50"), at_most=25 if is_target else None),
        Figure(f"{head}: p99", "ms", of("p99"), at_most=80 if is_target else None),
        Figure(f"{head}: misses", "%", misses, at_most=0.1 if is_target else None),
        *cost,
    ]
