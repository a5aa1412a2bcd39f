"""Scan answers in a closed loop, beside a bare Starlette redirect that awaits one acks=all produce; 64 connections.

Both are served with the same settings and write to the same Kafka, turn by turn; the rest of the stack runs throughout.
"""

import asyncio
import urllib.error
import urllib.request
from typing import Any

from deploy.local import ports
from tests.bench import people, stream
from tests.bench.figures import Figure, ratio
from tests.bench.ground import Ground, NotMeasured
from tests.stack.whole import NoRedirect

CONNECTIONS = 64
TOPIC = "footpath.bench-redirected.v1"


def measure(ground: Ground) -> list[Figure]:
    seconds = ground.size(15, 4)
    tags = [f"/s/{tag}" for tag in people.demo_brand().tags]
    scans: list[dict[str, Any]] = []
    redirects: list[dict[str, Any]] = []
    port = ports.free()
    with ground.street() as street:
        asyncio.run(stream.make_topics(street.run["kafka"], TOPIC))
        module = "tests.bench.contenders.redirect"
        with ground.process("redirect", module, street.run["kafka"], TOPIC, str(port)) as server:
            url = f"http://127.0.0.1:{port}"
            server.wait_for(lambda: _answers(url), 20)
            street.scan()
            for number in range(ground.rounds):
                ground.say(f"round {number + 1} of {ground.rounds}: bare redirect")
                redirects.append(_ask(ground, url, seconds, ["/s/any"]))
                ground.say(f"round {number + 1} of {ground.rounds}: scans")
                scans.append(_ask(ground, street.run["gateway"], seconds, tags))
    # A miss is no answer of the stream.
    decided = [told["per_s"] * (1 - told["misses"] / told["answered"]) for told in scans]
    bare = [told["per_s"] for told in redirects]
    missed = [100 * told["misses"] / told["answered"] for told in scans]
    return [
        ratio("scan answers to a redirect that awaits one produce", decided, bare, 0.3, f"{CONNECTIONS} connections"),
        Figure("  decided scans", "scans/s", decided),
        Figure("  scans, misses", "%", missed),
        Figure("  scans, p50", "ms", [told["p50"] for told in scans]),
        Figure("  bare redirect", "requests/s", bare),
        Figure("  bare redirect, p50", "ms", [told["p50"] for told in redirects]),
    ]


def _ask(ground: Ground, url: str, seconds: int, paths: list[str]) -> dict[str, Any]:
    with ground.process(
        "phones", "tests.bench.phones", "closed", url, str(CONNECTIONS), str(seconds), *paths
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
