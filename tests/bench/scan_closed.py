"""Scan throughput in a closed loop, beside a bare Starlette redirect that awaits one acks=all produce.

Both are served with the same settings and write to the same Kafka, alternately; the rest of the stack runs throughout.
With few connections the loop measures latency (a redirect has one hop, a decided scan five), with many it measures
capacity: both are reported.
"""

import asyncio
import urllib.error
import urllib.request
from collections.abc import Iterator
from itertools import product
from typing import Any

from deploy.local import ports
from tests.bench import kafka_client, workload
from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure, ratio
from tests.bench.process import NotMeasured
from tests.support.full_stack import NoRedirect

CONNECTIONS = (256, 64)
TOPIC = "footpath.bench-redirected.v1"
LoadResult = dict[str, Any]
"""Output of the load generator."""


def measure(environment: BenchEnvironment) -> list[Figure]:
    seconds = environment.size(15, 4)
    tags = [f"/s/{tag.id}" for tag in workload.demo_brand().tags.values() if not tag.security]
    port = ports.free()
    results: dict[int, tuple[list[LoadResult], list[LoadResult]]] = {
        connections: ([], []) for connections in CONNECTIONS
    }
    with environment.full_stack() as stack:
        asyncio.run(kafka_client.create_topics(stack.run["kafka"], TOPIC))
        module = "tests.bench.baselines.starlette_redirect"
        with environment.process("redirect", module, stack.run["kafka"], TOPIC, str(port)) as server:
            url = f"http://127.0.0.1:{port}"
            server.wait_for(lambda: _is_serving(url), 20)
            stack.scan()
            for number, (connections, (redirects, scans)) in product(range(environment.rounds), results.items()):
                which = f"round {number + 1} of {environment.rounds}, {connections} connections"
                environment.progress(f"{which}: bare redirect")
                redirects.append(_run_load(environment, url, connections, seconds, ["/s/any"]))
                environment.progress(f"{which}: scans")
                scans.append(_run_load(environment, stack.run["gateway"], connections, seconds, tags))
    return [figure for connections, of_both in results.items() for figure in _figures(connections, *of_both)]


def _figures(connections: int, redirects: list[LoadResult], scans: list[LoadResult]) -> Iterator[Figure]:
    # A miss was not decided by the stream.
    decided = [result["per_s"] * (1 - result["misses"] / result["responses"]) for result in scans]
    bare = [result["per_s"] for result in redirects]
    missed = [100 * result["misses"] / result["responses"] for result in scans]
    name = f"decided scans to a redirect that awaits one produce, {connections} connections"
    yield ratio(name, decided, bare, 0.3)
    yield Figure("  decided scans", "scans/s", decided)
    yield Figure("  scans, misses", "%", missed)
    yield Figure("  scans, p50", "ms", [result["p50"] for result in scans])
    yield Figure("  bare redirect", "requests/s", bare)
    yield Figure("  bare redirect, p50", "ms", [result["p50"] for result in redirects])


def _run_load(environment: BenchEnvironment, url: str, connections: int, seconds: int, paths: list[str]) -> LoadResult:
    with environment.process(
        "load", "tests.bench.load_generator", "closed", url, str(connections), str(seconds), *paths
    ) as generator:
        result = generator.json_output(seconds + 60)
    if not result["responses"] or set(result["statuses"]) - {"200", "302"}:
        raise NotMeasured(f"responses by status: {result['statuses']}")
    return result


def _is_serving(url: str) -> bool:
    try:
        urllib.request.build_opener(NoRedirect).open(f"{url}/s/any", timeout=5)
    except urllib.error.HTTPError as error:
        return error.code == 302
    except OSError:
        return False
    return False
