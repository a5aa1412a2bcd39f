"""Scan answers in a closed loop, beside a bare Starlette redirect that awaits one acks=all produce.

Both are served with the same settings and write to the same Kafka, turn by turn; the rest of the stack runs throughout.
With few connections the loop measures how long an answer takes (a redirect has one hop, a decided answer five), with
many how many answers there can be: both are told.
"""

import asyncio
import urllib.error
import urllib.request
from collections.abc import Iterator
from itertools import product
from typing import Any

from deploy.local import ports
from tests.bench import people, stream
from tests.bench.figures import Figure, ratio
from tests.bench.ground import Ground, NotMeasured
from tests.stack.whole import NoRedirect

CONNECTIONS = (256, 64)
TOPIC = "footpath.bench-redirected.v1"
Told = dict[str, Any]
"""What the phones say."""


def measure(ground: Ground) -> list[Figure]:
    seconds = ground.size(15, 4)
    tags = [f"/s/{tag}" for tag in people.demo_brand().tags]
    port = ports.free()
    asked: dict[int, tuple[list[Told], list[Told]]] = {connections: ([], []) for connections in CONNECTIONS}
    with ground.street() as street:
        asyncio.run(stream.make_topics(street.run["kafka"], TOPIC))
        module = "tests.bench.contenders.redirect"
        with ground.process("redirect", module, street.run["kafka"], TOPIC, str(port)) as server:
            url = f"http://127.0.0.1:{port}"
            server.wait_for(lambda: _answers(url), 20)
            street.scan()
            for number, (connections, (redirects, scans)) in product(range(ground.rounds), asked.items()):
                which = f"round {number + 1} of {ground.rounds}, {connections} connections"
                ground.say(f"{which}: bare redirect")
                redirects.append(_ask(ground, url, connections, seconds, ["/s/any"]))
                ground.say(f"{which}: scans")
                scans.append(_ask(ground, street.run["gateway"], connections, seconds, tags))
    return [figure for connections, told in asked.items() for figure in _figures(connections, *told)]


def _figures(connections: int, redirects: list[Told], scans: list[Told]) -> Iterator[Figure]:
    # A miss is no answer of the stream.
    decided = [told["per_s"] * (1 - told["misses"] / told["answered"]) for told in scans]
    bare = [told["per_s"] for told in redirects]
    missed = [100 * told["misses"] / told["answered"] for told in scans]
    name = f"scan answers to a redirect that awaits one produce, {connections} connections"
    yield ratio(name, decided, bare, 0.3)
    yield Figure("  decided scans", "scans/s", decided)
    yield Figure("  scans, misses", "%", missed)
    yield Figure("  scans, p50", "ms", [told["p50"] for told in scans])
    yield Figure("  bare redirect", "requests/s", bare)
    yield Figure("  bare redirect, p50", "ms", [told["p50"] for told in redirects])


def _ask(ground: Ground, url: str, connections: int, seconds: int, paths: list[str]) -> Told:
    with ground.process(
        "phones", "tests.bench.phones", "closed", url, str(connections), str(seconds), *paths
    ) as phones:
        told = phones.told(seconds + 60)
    if not told["answered"] or set(told["statuses"]) - {"200", "302"}:
        raise NotMeasured(f"answers were {told['statuses']}")
    return told


def _answers(url: str) -> bool:
    try:
        urllib.request.build_opener(NoRedirect).open(f"{url}/s/any", timeout=5)
    except urllib.error.HTTPError as answer:
        return answer.code == 302
    except OSError:
        return False
    return False
