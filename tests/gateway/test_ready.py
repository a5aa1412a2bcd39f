"""Ready means that the stream answers through every partition; anything missing is named."""

import asyncio
from pathlib import Path

from deploy.setup import brand, topics
from gateway.probes import anchors
from schemas.ids import partition_of, person_of
from tests.gateway.street import BRAND, GatewayProcess, Phone, page_view, stream, until
from tests.parts import KafkaPart, start_kafka


async def missing(phone: Phone) -> list[str]:
    answer = await phone.ask("GET", "/health/ready")
    assert answer.status in (200, 503)
    names: list[str] = [one.partition(":")[0] for one in (await answer.json())["missing"]]
    assert (answer.status == 200) == (not names)
    return names


async def test_readiness_names_what_is_missing_and_comes_by_itself(tmp_path: Path) -> None:
    kafka: KafkaPart = await asyncio.to_thread(start_kafka, tmp_path / "kafka")
    process = await GatewayProcess(kafka.bootstrap, tmp_path / "gateway").start()
    try:
        async with Phone(process) as phone:

            async def only_the_stream_is_missing() -> bool:
                return await missing(phone) == ["stream"]

            assert (await phone.ask("GET", "/health/live")).status == 200
            assert "brand" in await missing(phone) and "answers" in await missing(phone)
            assert (await phone.scan("shelf-1")).status == 503
            assert (await phone.send()).status == 503
            await asyncio.to_thread(topics.apply, kafka.bootstrap)
            await asyncio.to_thread(brand.apply, kafka.bootstrap, [BRAND])
            await until(only_the_stream_is_missing)
            async with stream(kafka.bootstrap):
                assert await missing(phone) == []
            assert await missing(phone) == []  # an answer is good for five seconds
            await until(only_the_stream_is_missing)
            kafka.kill()
            assert await phone.verdicts(page_view()) == [("accepted", "")]
            assert "kafka" in await missing(phone)
    finally:
        process.end()
        kafka.stop()


def test_probes_go_through_every_partition_of_both_hops() -> None:
    for partitions in (1, 4, 12):
        for partition, anchor in enumerate(anchors(partitions)):
            assert partition_of(anchor, partitions) == partition_of(person_of(anchor), partitions) == partition
