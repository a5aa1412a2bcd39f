"""Readiness: probes come back through every partition; whatever is missing is named."""

import asyncio
from pathlib import Path

from deploy.setup import brand, topics
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

            assert (await client.request("GET", "/health/live")).status == 200
            assert "brand" in await missing(client) and "replies" in await missing(client)
            assert (await client.scan("shelf-1")).status == 503
            assert (await client.send()).status == 503
            await asyncio.to_thread(topics.apply, kafka.bootstrap)
            await asyncio.to_thread(brand.apply, kafka.bootstrap, [BRAND])
            await wait_until(only_the_stream_is_missing)
            async with fake_stream(kafka.bootstrap):
                assert await missing(client) == []
            assert await missing(client) == []  # a round of probes is valid for five seconds
            await wait_until(only_the_stream_is_missing)
            kafka.kill()
            assert await client.results(page_view()) == [("accepted", "")]
            assert "kafka" in await missing(client)
    finally:
        process.close()
        kafka.stop()
