"""The events API: batches of 500 over several connections, counted when acknowledged; a gateway and a Kafka.

Plain events have one identifier and a channel; rich ones are sales with three identifiers, properties and five lines.
Every event is sent once and has to be on its topic afterwards. Plain events are also measured on the embedded stack,
where workers and sink process them at the same time; there intake's throughput is measured too, and how long an event
alone takes from the gateway's answer through intake.
"""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiokafka import TopicPartition

from deploy.local import ports
from deploy.local.data import read_api_key
from schemas.ids import derived
from schemas.topics import PARTITIONS, TOUCHPOINT_RECEIVED, TOUCHPOINT_RECORDED, Topic
from tests.bench import kafka_client
from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure
from tests.bench.process import NotMeasured

BATCH = 500
CONNECTIONS = 8
FIRST = datetime(2026, 3, 2, 9, tzinfo=UTC)
WARM_UP_ROUND = -1
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


def measure(environment: BenchEnvironment) -> list[Figure]:
    results: dict[str, list[Json]] = {}
    with environment.kafka() as kafka:
        key = read_api_key(environment.secrets())
        port = ports.free()
        env = {
            "FOOTPATH_KAFKA": kafka.bootstrap,
            "FOOTPATH_IDENTIFIER_KEY_FILE": str(environment.secrets().identifier_key),
            "FOOTPATH_CONTACT_KEY_FILE": str(environment.secrets().contact_keys),
            "FOOTPATH_GATEWAY_PORT": str(port),
            "FOOTPATH_GATEWAY_SPOOL": str(environment.new_folder("spool")),
            "FOOTPATH_GATEWAY_EVENTS_PER_S": "1000000",
        }
        with environment.process("gateway", "deploy.cli.main", "gateway", env=env) as gateway:
            # The brand was read: events are accepted; and Kafka was reached: they do not go to the spool.
            gateway.wait_for(lambda: " is live" in gateway.log and "events go to Kafka" in gateway.log, 20)
            target = _Target(environment, f"http://127.0.0.1:{port}", key, kafka.bootstrap)
            results["plain"] = target.rounds("plain events", plain, environment.size(100_000, 20_000))
            results["rich"] = target.rounds("rich events", rich, environment.size(40_000, 8_000))
    with environment.full_stack() as stack:
        run = stack.run
        target = _Target(environment, run["gateway"], run["api_key"], run["kafka"], has_intake=True)
        results["whole"] = target.rounds("plain events, embedded stack", plain, environment.size(50_000, 10_000))
        through = [result["through_per_s"] for result in results["whole"]]
        delays = asyncio.run(target.delays(environment.size(200, 40)))
    return [
        _figure("events API, plain events", results["plain"], at_least=8_000),
        _figure("events API, rich events", results["rich"], at_least=8_000),
        _figure("  plain events, with workers and sink behind", results["whole"]),
        Figure("  plain events through intake, from the first request", "events/s", through),
        Figure(
            "  an event alone through intake, median", "ms", [delays[len(delays) // 2]], note=f"p99 {delays[-1]:.0f} ms"
        ),
    ]


class _Target:
    """Sends events to a gateway and counts them on its Kafka."""

    def __init__(
        self, environment: BenchEnvironment, url: str, key: str, bootstrap: str, has_intake: bool = False
    ) -> None:
        self._environment = environment
        self._url = url
        self._bootstrap = bootstrap
        self._has_intake = has_intake
        self._auth = {"Authorization": f"Bearer {key}"}
        self._head = (
            f"POST /v1/events HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()

    def rounds(self, title: str, event: Callable[[int], Json], count: int) -> list[Json]:
        """Results of the rounds, with ``count`` events each, after a warm-up round with a fifth of them."""
        self._send(event, WARM_UP_ROUND, count // 5)
        results = []
        for number in range(self._environment.rounds):
            self._environment.progress(f"round {number + 1} of {self._environment.rounds}: {title}")
            results.append(self._send(event, number, count))
        return results

    def _send(self, event: Callable[[int], Json], number: int, count: int) -> Json:
        folder = self._environment.new_folder("batches")
        self._write(folder, event, (number + 1) * count, count)
        before = asyncio.run(self._count(TOUCHPOINT_RECEIVED))
        recorded = asyncio.run(self._count(TOUCHPOINT_RECORDED))
        began = time.monotonic()
        with self._environment.process(
            "senders", "tests.bench.load_generator", "post", self._url, str(CONNECTIONS), str(folder)
        ) as p:
            result = p.json_output(120)
        if set(result["statuses"]) != {"202"}:
            raise NotMeasured(f"responses had the statuses {result['statuses']}")
        if (received := asyncio.run(self._count(TOUCHPOINT_RECEIVED)) - before) < count:
            raise NotMeasured(f"{received} of {count} events are on the topic")
        if self._has_intake:
            asyncio.run(self._await_intake(recorded + count))
            result["through_per_s"] = count / (time.monotonic() - began)
        return result

    async def delays(self, count: int) -> list[float]:
        """Milliseconds from the answer for an event to its record on touchpoint-recorded, in ascending order."""
        found = []
        async with kafka_client.open_consumer(self._bootstrap) as consumer, aiohttp.ClientSession() as session:
            partitions = [TopicPartition(TOUCHPOINT_RECORDED.name, number) for number in range(PARTITIONS)]
            consumer.assign(partitions)
            await consumer.seek_to_end(*partitions)
            for number in range(count):
                body = {"events": [plain(-1 - number)]}
                async with session.post(f"{self._url}/v1/events", json=body, headers=self._auth) as response:
                    await response.read()
                answered = time.perf_counter()
                while not any((await consumer.getmany(timeout_ms=1000)).values()):
                    pass
                found.append((time.perf_counter() - answered) * 1000)
                await asyncio.sleep(0.05)
        return sorted(found)

    async def _await_intake(self, count: int) -> None:
        async with asyncio.timeout(120):
            while await self._count(TOUCHPOINT_RECORDED) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    def _write(self, folder: Path, event: Callable[[int], Json], first: int, count: int) -> None:
        for at in range(first, first + count, BATCH):
            body = json.dumps({"events": [event(number) for number in range(at, at + BATCH)]}).encode()
            (folder / f"{at:09}").write_bytes(self._head + b"%d\r\n\r\n" % len(body) + body)

    async def _count(self, topic: Topic) -> int:
        async with kafka_client.open_consumer(self._bootstrap) as consumer:
            return await kafka_client.count_records(consumer, topic.name)


def _figure(work: str, results: list[Json], at_least: float | None = None) -> Figure:
    p50, p99 = max(result["p50"] for result in results), max(result["p99"] for result in results)
    note = f"{CONNECTIONS} connections; a batch took {p50:.0f} ms (p50), {p99:.0f} ms (p99)"
    return Figure(work, "events/s", [BATCH * result["per_s"] for result in results], at_least=at_least, note=note)
