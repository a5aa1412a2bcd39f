"""The context step with 50 routes whose conditions are expressions, beside the same conditions as ``when``.

Two brands of the same meaning give the ratio; a third one, whose expressions read every input that there is, the rate.
The stream task alone: decode, decide, encode, no Kafka.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from schemas.brand.model import Action, Brand, Route, When
from schemas.expressions.inputs import CONTEXT, INPUTS
from tests.bench import kafka_client, workload
from tests.bench.context import PEOPLE, run_task
from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure, ratio
from tests.support.when_expressions import expression_of_when

ROUTES = 50
MOMENTS = ("know", "go", "buy", "do")


def measure(environment: BenchEnvironment) -> list[Figure]:
    rows = environment.size(100_000, 20_000)
    environment.progress(f"generating {rows:,} scans")
    scans = kafka_client.by_partition(map(workload.row, workload.scans(rows, PEOPLE)))[0]
    rates: dict[str, list[float]] = {name: [] for name in brands()}
    for number in range(environment.rounds):
        environment.progress(f"round {number + 1} of {environment.rounds}")
        for name, brand in brands().items():
            rates[name].append(run_task(scans, brand))
    return [
        Figure(f"context step, {ROUTES} expressions, every input", "events/s", rates["all"], at_least=10_000),
        ratio("  the conditions of when as expressions, to when", rates["if"], rates["when"], 0.5),
        Figure("  the same as when", "events/s", rates["when"]),
    ]


def brands() -> dict[str, Brand]:
    """The demo brand with 50 routes as ``when``, the same as ``if``, and with expressions over all inputs."""
    demo = workload.demo_brand()
    whens = [_when(number, demo) for number in range(ROUTES)]
    texts = [expression_of_when(when) for when in whens]
    every = _every_input()
    return {
        "when": _with_routes(demo, [_route(number, when=when) for number, when in enumerate(whens)]),
        "if": _with_routes(demo, [_route(number, condition=text) for number, text in enumerate(texts)]),
        "all": _with_routes(
            demo,
            [_route(number, condition=f"{text} && {every[number % len(every)]}") for number, text in enumerate(texts)],
        ),
    }


def _every_input() -> list[str]:
    """A condition over each input that context reads, which mostly holds where it is known."""
    tests = {
        "string": "{} != 'x'",
        "int": "{} >= 0",
        "double": "{} >= 0.0",
        "bool": "({0} || !{0})",
        "list(string)": "!('x' in {})",
        "map(string, int)": "{}['till'] >= 0",
        "map(string, string)": "{}['till'] != 'x'",
    }
    return [tests[one.type].format(one.name) for one in INPUTS if CONTEXT in one.read_by]


def _when(number: int, brand: Brand) -> When:
    """Conditions as brands have them: a place, and something of the hour, the stock or the visitor."""
    stores, tags = list(brand.stores), list(brand.tags)
    places = (
        {"placements": ("shelf", "product")},
        {"stores": (stores[number % len(stores)],)},
        {"tags": (tags[number % len(tags)],)},
        {"types": ("scan",), "open": True},
        {},
    )
    others = (
        {"visits_at_least": 2 + number % 7},
        {"bought": True},
        {"stock_at_least": 1 + number % 5},
        {"in_store": True, "purchases_at_least": 1 + number % 4},
        {"spent_at_least": Decimal(10 * (1 + number))},
        {"bought_within_days": 7 + number},
        {"open": False},
    )
    conditions = {**places[number % len(places)], **others[number % len(others)]}
    return msgspec.convert(conditions, When)


def _route(number: int, when: When | None = None, condition: str = "") -> Route:
    return Route(
        id=f"r{number:02}",
        priority=number,
        moment=MOMENTS[number % 4],  # type: ignore[arg-type]
        action=Action(url="https://shop.example/{tag}"),
        when=when or When(),
        condition=condition or msgspec.UNSET,
    )


def _with_routes(brand: Brand, routes: Sequence[Route]) -> Brand:
    return msgspec.structs.replace(brand, routes=tuple(sorted(routes, key=Route.precedence)))
