"""The events API: batches of 500 over several connections, counted when acknowledged; a gateway and a Kafka.

Plain events have one identifier and a channel; rich ones are sales with three identifiers, properties and five lines.
Every event is sent once, and has to be on its topic afterwards. The same once more on the embedded stack, where workers
and sink take the events meanwhile.
"""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from deploy.local import ports
from deploy.local.data import read_api_key
from schemas.ids import derived
from schemas.topics import TOUCHPOINT_RECORDED
from tests.bench import stream
from tests.bench.figures import Figure
from tests.bench.ground import Ground, NotMeasured

BATCH = 500
CONNECTIONS = 8
FIRST = datetime(2026, 3, 2, 9, tzinfo=UTC)
WARM = -1
"""Number of the round that does not count."""
Json = dict[str, Any]


def plain(number: int) -> Json:
    return {
        "event_id": derived("bench event", str(number)),
        "type": "ad_click",
        "occurred_at": (FIRST + timedelta(seconds=number % 80_000)).isoformat(),
        "channel": "search",
        "identifiers": [{"type": "customer", "value": f"C-{number % 20_000}"}],
    }


def rich(number: int) -> Json:
    person = number % 20_000
    return {
        **plain(number),
        "event_id": derived("bench rich event", str(number)),
        "type": "sale",
        "store": "berlin-mitte",
        "identifiers": [
            {"type": "customer", "value": f"C-{person}"},
            {"type": "email", "value": f"Person.{person}@mail.example"},
            {"type": "phone", "value": f"+4930{1_000_000 + person}"},
        ],
        "properties": {
            "amount": "61.50",
            "currency": "EUR",
            "lines": [
                {"sku": sku, "quantity": 1 + number % 3, "amount": "12.30"}
                for sku in ("KB-101", "KB-102", "KB-103", "KB-201", "KB-401")
            ],
            "till": f"T{number % 7}",
            "cashier": "anna",
            "basket": {"coupon": "AUTUMN", "bags": number % 2},
        },
    }


def measure(ground: Ground) -> list[Figure]:
    found: dict[str, list[Json]] = {}
    with ground.kafka() as kafka:
        key = read_api_key(ground.secrets())
        port = ports.free()
        env = {
            "FOOTPATH_KAFKA": kafka.bootstrap,
            "FOOTPATH_IDENTIFIER_KEY_FILE": str(ground.secrets().identifier_key),
            "FOOTPATH_GATEWAY_PORT": str(port),
            "FOOTPATH_GATEWAY_SPOOL": str(ground.new_folder("spool")),
            "FOOTPATH_GATEWAY_EVENTS_PER_S": "1000000",
        }
        with ground.process("gateway", "deploy.cli", "gateway", env=env) as gateway:
            gateway.wait_for(lambda: "listening on" in gateway.log, 20)
            place = _Place(ground, f"http://127.0.0.1:{port}", key, kafka.bootstrap)
            found["plain"] = place.rounds("plain events", plain, ground.size(100_000, 20_000))
            found["rich"] = place.rounds("rich events", rich, ground.size(40_000, 8_000))
    with ground.street() as street:
        run = street.run
        place = _Place(ground, run["gateway"], run["api_key"], run["kafka"])
        found["whole"] = place.rounds("plain events, embedded stack", plain, ground.size(50_000, 10_000))
    return [
        _figure("events API, plain events", found["plain"], at_least=8_000),
        _figure("events API, rich events", found["rich"], at_least=8_000),
        _figure("  plain events, with workers and sink behind", found["whole"]),
    ]


class _Place:
    """A gateway and its Kafka."""

    def __init__(self, ground: Ground, url: str, key: str, bootstrap: str) -> None:
        self._ground = ground
        self._url = url
        self._bootstrap = bootstrap
        self._head = (
            f"POST /v1/events HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()

    def rounds(self, title: str, event: Callable[[int], Json], count: int) -> list[Json]:
        """What came of so many events a round, after some that do not count."""
        self._send(event, WARM, count // 5)
        found = []
        for number in range(self._ground.rounds):
            self._ground.say(f"round {number + 1} of {self._ground.rounds}: {title}")
            found.append(self._send(event, number, count))
        return found

    def _send(self, event: Callable[[int], Json], number: int, count: int) -> Json:
        folder = self._ground.new_folder("batches")
        self._write(folder, event, (number + 1) * count, count)
        before = asyncio.run(self._recorded())
        with self._ground.process(
            "senders", "tests.bench.phones", "post", self._url, str(CONNECTIONS), str(folder)
        ) as p:
            told = p.told(120)
        if set(told["statuses"]) != {"202"}:
            raise NotMeasured(f"answers were {told['statuses']}")
        if (there := asyncio.run(self._recorded()) - before) < count:
            raise NotMeasured(f"{there} of {count} events are on the topic")
        return told

    def _write(self, folder: Path, event: Callable[[int], Json], first: int, count: int) -> None:
        for at in range(first, first + count, BATCH):
            body = json.dumps({"events": [event(number) for number in range(at, at + BATCH)]}).encode()
            (folder / f"{at:09}").write_bytes(self._head + b"%d\r\n\r\n" % len(body) + body)

    async def _recorded(self) -> int:
        async with stream.reader(self._bootstrap) as consumer:
            return await stream.ends(consumer, TOUCHPOINT_RECORDED.name)


def _figure(work: str, found: list[Json], at_least: float | None = None) -> Figure:
    p50, p99 = max(told["p50"] for told in found), max(told["p99"] for told in found)
    note = f"{CONNECTIONS} connections; a batch took {p50:.0f} ms, 1 % over {p99:.0f} ms"
    return Figure(work, "events/s", [BATCH * told["per_s"] for told in found], at_least=at_least, note=note)
