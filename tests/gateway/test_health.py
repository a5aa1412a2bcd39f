"""Health: a balancer's question costs nothing and keeps a gateway that can answer phones; an operator's question is
answered by probes through every partition, and names whatever is missing.
"""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from deploy.local import ports
from deploy.setup import brand, topics
from gateway import health
from gateway.health import StreamHandler
from gateway.settings import Settings
from schemas.topics import TOUCHPOINT_RECORDED
from tests.support.gateway_process import BRAND, GatewayClient, GatewayProcess, fake_stream, page_view, wait_until
from tests.support.metric_lint import problems
from tests.support.servers import KafkaServer, start_kafka
from tests.support.topic_ends import ends_of


async def missing(client: GatewayClient) -> list[str]:
    response = await client.request("GET", "/health/stream")
    assert response.status in (200, 503)
    names: list[str] = [one.partition(":")[0] for one in (await response.json())["missing"]]
    assert (response.status == 200) == (not names)
    return names


async def test_readiness_names_what_is_missing_and_comes_by_itself(tmp_path: Path) -> None:
    kafka: KafkaServer = await asyncio.to_thread(start_kafka, tmp_path / "kafka")
    process = await GatewayProcess(kafka.bootstrap, tmp_path / "gateway").start()
    try:
        async with GatewayClient(process) as client:

            async def only_the_stream_is_missing() -> bool:
                return await missing(client) == ["stream"]

            async def nothing_is_missing() -> bool:
                return await missing(client) == []

            async def kafka_is_missing() -> bool:
                return "kafka" in await missing(client)

            assert (await client.request("GET", "/health/live")).status == 200
            assert (await client.request("GET", "/health/ready")).status == 503, "without a brand a phone gets nothing"
            assert "brand" in await missing(client) and "replies" in await missing(client)
            assert (await client.scan("shelf-1")).status == 503
            assert (await client.send()).status == 503
            await asyncio.to_thread(topics.apply, kafka.bootstrap)
            await asyncio.to_thread(brand.apply, kafka.bootstrap, [BRAND])
            await wait_until(only_the_stream_is_missing)
            async with fake_stream(kafka.bootstrap):
                await wait_until(nothing_is_missing)
            assert await missing(client) == []  # a round of probes is valid for five seconds
            await wait_until(only_the_stream_is_missing)
            kafka.kill()
            assert await client.results(page_view()) == [("accepted", "")]
            await wait_until(kafka_is_missing)
            ready = await client.request("GET", "/health/ready")
            assert ready.status == 200, "it answers phones: out of rotation they would get nothing"
            assert "kafka" in str((await ready.json())["warnings"])
            assert (await client.scan("shelf-1")).status == 302
    finally:
        process.close()
        kafka.stop()


async def test_a_balancer_that_asks_leaves_nothing_behind(gateway: GatewayProcess, bootstrap: str) -> None:
    async with GatewayClient(gateway) as client:
        await wait_until(client.drained)
        ends, files = await ends_of(bootstrap, [TOUCHPOINT_RECORDED.name]), sorted(gateway.spool.rglob("*"))
        for _ in range(300):
            assert (await client.request("GET", "/health/ready")).status == 200
        assert await ends_of(bootstrap, [TOUCHPOINT_RECORDED.name]) == ends
        assert sorted(gateway.spool.rglob("*")) == files


async def test_what_operators_ask_is_not_answered_to_phones_unless_it_is_asked_for(
    bootstrap: str, tmp_path: Path
) -> None:
    operators = ports.free()
    process = GatewayProcess(bootstrap, tmp_path, metrics_port=str(operators), public_probes="0")
    process.launch()
    try:
        async with GatewayClient(process) as phones, aiohttp.ClientSession() as operator:

            async def is_live() -> bool:
                with suppress(aiohttp.ClientError):
                    async with operator.get(f"http://127.0.0.1:{operators}/health/live") as response:
                        return response.status == 200
                return False

            await wait_until(is_live)
            for path in ("/health/live", "/health/ready", "/health/stream", "/metrics"):
                assert (await phones.request("GET", path)).status == 404
                async with operator.get(f"http://127.0.0.1:{operators}{path}") as response:
                    assert response.status in (200, 503)
            async with operator.get(f"http://127.0.0.1:{operators}/metrics") as response:
                text = await response.text()
            assert problems(text) == [] and "footpath_build_info" in text
            async with operator.get(f"http://127.0.0.1:{operators}/s/shelf-1") as response:
                assert response.status == 404, "phones have the other port"
        assert process.stop() == 0
    finally:
        process.close()


@pytest.mark.parametrize(
    ("host", "asked_for", "shown"),
    [("127.0.0.1", None, True), ("::1", None, True), ("localhost", None, True), ("0.0.0.0", None, False),
     ("::", None, False), ("10.0.0.7", None, False), ("0.0.0.0", True, True), ("127.0.0.1", False, False)],
)  # fmt: skip
def test_a_port_that_others_reach_has_no_metrics(host: str, asked_for: bool | None, shown: bool) -> None:
    settings = Settings(identifier_key=b"", spool=Path(), reply_partition=0, host=host, public_probes=asked_for)
    assert settings.shows_probes == shown


class Part:
    """Stands for a part of the gateway that is well; counts how often it is asked."""

    current = object()
    direct = positioned = True

    def __init__(self) -> None:
        self.asked = 0

    async def well(self) -> bool:
        self.asked += 1
        await asyncio.sleep(0.01)
        return True

    succeeded = well


async def test_a_flood_of_questions_is_answered_from_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    probes, other = Part(), Part()
    parts: Any = (other, other, other, probes)
    handler, request = StreamHandler(*parts), object()
    for _ in range(3):
        answers = await asyncio.gather(*(handler.stream(request) for _ in range(200)))  # type: ignore[arg-type]
        assert {answer.status_code for answer in answers} == {200}
    assert probes.asked == 1, "the stream was looked at once"
    monkeypatch.setattr(health, "REMEMBERED_S", 0.0)
    await handler.stream(request)  # type: ignore[arg-type]
    assert probes.asked == 2, "and again when that is no longer news"
