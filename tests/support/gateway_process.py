"""A gateway process for tests, a client for it, a fake stream that replies at once, and a reader of topics."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from yarl import URL

from deploy.local import ports
from deploy.local.child_setup import build_die_with_parent
from deploy.setup import brand, topics
from schemas.codec.avro import Codec
from schemas.events import ScanRouted, TouchpointRecorded
from schemas.ids import derived, person_of
from schemas.topics import TOUCHPOINT_RECORDED, Topic
from tests.support.hangs import HANG_S
from tests.support.reject_keys import write_reject_keys
from tests.support.servers import KafkaServer

BRAND = Path(__file__).parent / "gateway_brand.yaml"
IDENTIFIER_KEY = bytes(range(32))

Decide = Callable[[TouchpointRecorded], Mapping[str, Any] | None]


def apply_setup(kafka: KafkaServer) -> None:
    """Creates the topics and applies the test brand on a broker."""
    topics.apply(kafka.bootstrap)
    brand.apply(kafka.bootstrap, [BRAND])


def page_view(person: str = "ann", **fields: Any) -> dict[str, Any]:
    """A page view by a known customer, just now, as a sender posts it."""
    return {
        "type": "page_view",
        "occurred_at": datetime.now(UTC).isoformat(),
        "identifiers": [{"type": "customer", "value": person}],
        **fields,
    }


def sale(amount: Any = "12.50", **fields: Any) -> dict[str, Any]:
    return page_view(**{"type": "sale", "properties": {"amount": amount}, **fields})


async def wait_until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Waits until a condition holds. :raises TimeoutError: it does not within :data:`HANG_S`."""
    async with asyncio.timeout(HANG_S):
        while True:
            if await holds():
                return
            await asyncio.sleep(0.02)


def after(text: str) -> str:
    """A time from now, e.g. ``after("-2 days")``, as RFC 3339."""
    count, unit = text.split()
    return (datetime.now(UTC) + timedelta(**{unit: float(count)})).isoformat()


class GatewayProcess:
    """The gateway as in a deployment: a process of its own, with its settings from the environment."""

    def __init__(self, bootstrap: str, directory: Path, **settings: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        key_file = directory / "identifier.key"
        key_file.write_text(IDENTIFIER_KEY.hex())
        self.port = ports.free()
        self.url = f"http://127.0.0.1:{self.port}"
        self.spool = directory / "spool"
        self.log = directory / "gateway.log"
        self.environ = {
            **os.environ,
            "FOOTPATH_KAFKA": bootstrap,
            "FOOTPATH_IDENTIFIER_KEY_FILE": str(key_file),
            "FOOTPATH_REJECT_KEY_FILE": write_reject_keys(directory),
            "FOOTPATH_GATEWAY_PORT": str(self.port),
            "FOOTPATH_GATEWAY_SPOOL": str(self.spool),
            "FOOTPATH_GATEWAY_DEADLINE_MS": "2000",
            **{f"FOOTPATH_GATEWAY_{name.upper()}": value for name, value in settings.items()},
        }
        self.program = ["-m", "gateway.serve"]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def launch(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self.program],
                env=self.environ, stdout=log, stderr=log, preexec_fn=build_die_with_parent(),
            )  # fmt: skip
        return self._process

    async def start(self, path: str = "/health/live") -> "GatewayProcess":
        process = self.launch()
        async with aiohttp.ClientSession() as client:
            async with asyncio.timeout(HANG_S):
                while True:
                    assert process.poll() is None, self.log.read_text()
                    with suppress(aiohttp.ClientError):
                        async with client.get(self.url + path) as response:
                            if response.status == 200:
                                return self
                    await asyncio.sleep(0.02)

    async def start_with_stream(self, bootstrap: str) -> "GatewayProcess":
        """Starts it, with a fake stream replying to probes until it is ready."""
        async with fake_stream(bootstrap):
            return await self.start("/health/stream")

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> int:
        """Sends SIGTERM and returns the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(HANG_S)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()


class GatewayClient:
    """An HTTP client that stores cookies and follows no redirects."""

    def __init__(self, gateway: GatewayProcess, **headers: str) -> None:
        self._gateway = gateway
        # Here the gateway is an IP address, whose cookies aiohttp stores only in an unsafe jar.
        self.cookies = aiohttp.CookieJar(unsafe=True)
        self._session = aiohttp.ClientSession(cookie_jar=self.cookies, headers=headers)

    async def __aenter__(self) -> "GatewayClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def request(self, method: str, path: str, **options: Any) -> aiohttp.ClientResponse:
        response = await self._session.request(
            method, URL(self._gateway.url + path, encoded=True), allow_redirects=False, **options
        )
        await response.read()
        return response

    async def scan(self, tag: str, **options: Any) -> aiohttp.ClientResponse:
        return await self.request("GET", f"/s/{tag}", **options)

    def forget(self) -> None:
        """Another phone from now on."""
        self.cookies.clear()

    async def send(self, *events: Any, key: str = "till-secret") -> aiohttp.ClientResponse:
        headers = {"Authorization": f"Bearer {key}"}
        return await self.request("POST", "/v1/events", json={"events": list(events)}, headers=headers)

    async def drained(self) -> bool:
        """Whether the spool is drained and events are produced to Kafka directly."""
        direct = await self.metric("footpath_gateway_kafka_direct")
        return bool(direct) and not await self.metric("footpath_gateway_spool_bytes")

    async def metric(self, name: str) -> float:
        """Value of a metric, named with its labels; 0 when it was never incremented."""
        text = await (await self.request("GET", "/metrics")).text()
        return next((float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(f"{name} ")), 0.0)

    async def results(self, *events: Any, key: str = "till-secret") -> list[tuple[str, str]]:
        """Status and reason of each event of an accepted batch."""
        response = await self.send(*events, key=key)
        assert response.status == 202, await response.text()
        return [(result["status"], result["reason"]) for result in (await response.json())["results"]]


def redirect_to_shop(scan: TouchpointRecorded) -> dict[str, Any]:
    """The usual decision of the test stream: a redirect to the shop."""
    return {"action": "redirect", "destination": "https://shop.corner.example/de/tea"}


@asynccontextmanager
async def fake_stream(bootstrap: str, decide: Decide = redirect_to_shop) -> AsyncIterator[None]:
    """Stands in for the processors: writes the decision on each scan and probe to its reply partition."""
    codec = Codec()
    consumer = AIOKafkaConsumer(TOUCHPOINT_RECORDED.name, bootstrap_servers=bootstrap, auto_offset_reset="latest")
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=0)
    await consumer.start()
    await producer.start()
    await consumer.seek_to_end()

    async def reply() -> None:
        async for record in consumer:
            scan = codec.of(TOUCHPOINT_RECORDED).decode(record.value)
            decision = redirect_to_shop(scan) if scan.type == "probe" else decide(scan)
            if scan.reply_partition is None or decision is None:
                continue
            routed = ScanRouted(
                event_id=derived("route", scan.event_id), occurred_at=scan.occurred_at, scan_event_id=scan.event_id,
                person_id=person_of(scan.primary_identifier), tag=scan.tag, store=scan.store, moment="buy",
                route="shop", candidates=(), inputs="{}", brand_version="test", reply_partition=scan.reply_partition,
                **decision,
            )  # fmt: skip
            topic, key, value, headers = codec.record(routed)
            await producer.send(topic.name, value, key, partition=scan.reply_partition, headers=headers)

    replying = asyncio.create_task(reply())
    try:
        yield
    finally:
        replying.cancel()
        await asyncio.wait([replying])
        await producer.stop()
        await consumer.stop()


async def read_events(bootstrap: str, topic: Topic, matches: Callable[[Any], bool], count: int) -> list[Any]:
    """The first ``count`` matching events of a topic, in each partition's order; waits until there are as many."""
    codec = Codec().of(topic)
    consumer = AIOKafkaConsumer(topic.name, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        found: list[Any] = []
        async with asyncio.timeout(HANG_S):
            while len(found) < count:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    events = [codec.decode(record.value) for record in records if record.value is not None]
                    found += filter(matches, events)
        return found
    finally:
        await consumer.stop()
