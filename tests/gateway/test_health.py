"""Readiness: probes come back through every partition; whatever is missing is named; asking costs nothing."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from deploy.setup import brand, topics
from gateway import health
from gateway.health import ReadyHandler
from tests.support.gateway_process import BRAND, GatewayClient, GatewayProcess, fake_stream, page_view, wait_until
from tests.support.servers import KafkaServer, start_kafka


async def missing(client: GatewayClient) -> list[str]:
    response = await client.request("GET", "/health/ready")
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
    finally:
        process.close()
        kafka.stop()


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

    writable = succeeded = well


async def test_a_flood_of_questions_is_answered_from_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    spool, probes, other = Part(), Part(), Part()
    parts: Any = (other, spool, other, other, probes)
    handler, request = ReadyHandler(*parts), object()
    for _ in range(3):
        answers = await asyncio.gather(*(handler.ready(request) for _ in range(200)))  # type: ignore[arg-type]
        assert {answer.status_code for answer in answers} == {200}
    assert (spool.asked, probes.asked) == (1, 1), "disk and stream were looked at once"
    monkeypatch.setattr(health, "REMEMBERED_S", 0.0)
    await handler.ready(request)  # type: ignore[arg-type]
    assert (spool.asked, probes.asked) == (2, 2), "and again when that is no longer news"
