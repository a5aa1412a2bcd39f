"""What Kafka refuses of one topic is kept apart: phones are answered, other events go on, and nothing is lost."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from deploy.setup import topics
from schemas.events import EventRejected
from schemas.rejects import PUBLISHING
from schemas.topics import COST_REPORTED, EVENT_REJECTED, STOCK_REPORTED, TOUCHPOINT_RECEIVED
from tests.support.gateway_process import (
    GatewayClient,
    GatewayProcess,
    after,
    apply_setup,
    fake_stream,
    page_view,
    read_events,
    wait_until,
)
from tests.support.randomness import unique_word
from tests.support.reject_keys import reveal
from tests.support.servers import KafkaServer, start_kafka
from tests.support.topic_settings import AUTHORIZER, alter, delete, forbid_writes

COST_APART = 'footpath_gateway_apart_bytes{topic="footpath.cost-reported.v1"}'


def cost(amount: str) -> dict[str, Any]:
    return {
        "type": "cost_reported",
        "occurred_at": after("-1 hours"),
        "campaign": "spring",
        "properties": {"amount": amount},
    }


@pytest.fixture
async def process(own_kafka: KafkaServer, tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    process = await GatewayProcess(own_kafka.bootstrap, tmp_path / "gateway").start_with_stream(own_kafka.bootstrap)
    yield process
    process.close()


async def _everything_else_goes_on(client: GatewayClient, bootstrap: str) -> None:
    async with fake_stream(bootstrap):

        async def is_routed() -> bool:
            return (await client.scan(f"shelf-1?ref={unique_word()}")).headers["Footpath-Outcome"] == "routed"

        await wait_until(is_routed)
        for _ in range(5):
            assert await is_routed(), "one topic must not cost a phone its decision"
        assert await client.results(page_view()) == [("accepted", "")]
        assert await client.metric("footpath_gateway_kafka_direct") == 1


async def test_a_topic_that_is_missing_costs_nothing_else_and_gets_its_events_when_it_is_there(
    own_kafka: KafkaServer, process: GatewayProcess
) -> None:
    await delete(own_kafka.bootstrap, COST_REPORTED)
    amounts = [f"{number}.25" for number in range(1, 5)]
    async with GatewayClient(process) as client:
        assert await client.results(cost(amounts[0]), page_view()) == [("accepted", "")] * 2
        await _everything_else_goes_on(client, own_kafka.bootstrap)
        assert await client.results(cost(amounts[1])) == [("accepted", "")]
        assert await client.metric(COST_APART) > 0
        assert "cost-reported" in str(await (await client.request("GET", "/health/ready")).json())
        assert process.log.read_text().count("is kept apart") == 1
    process.kill()  # what was acknowledged is on disk
    await process.start()
    async with GatewayClient(process) as client:
        assert await client.results(cost(amounts[2])) == [("accepted", "")]
        await _everything_else_goes_on(client, own_kafka.bootstrap)
        await asyncio.to_thread(topics.apply, own_kafka.bootstrap)

        async def is_taken() -> bool:
            return not await client.metric(COST_APART)

        await wait_until(is_taken)
        assert await client.results(cost(amounts[3])) == [("accepted", "")]
    micros = [round(float(amount) * 1_000_000) for amount in amounts]
    found = await read_events(own_kafka.bootstrap, COST_REPORTED, lambda e: True, 4)
    assert [event.amount_micros for event in found] == micros, "in the order in which they were sent"


async def test_a_topic_that_takes_nothing_although_it_is_there_is_kept_apart(
    own_kafka: KafkaServer, process: GatewayProcess
) -> None:
    await alter(own_kafka.bootstrap, STOCK_REPORTED, {"min.insync.replicas": "2"})
    sku = unique_word()
    stock = page_view(type="stock_reported", store="berlin", properties={"sku": sku, "quantity": 3}, identifiers=[])
    async with GatewayClient(process) as client:
        assert [status for status, _ in await client.results(stock)] == ["accepted"]
        await _everything_else_goes_on(client, own_kafka.bootstrap)
        await alter(own_kafka.bootstrap, STOCK_REPORTED, {"min.insync.replicas": "1"})
        await wait_until(client.drained)
    (event,) = await read_events(own_kafka.bootstrap, STOCK_REPORTED, lambda e: e.sku == sku, 1)
    assert event.quantity == 3


async def test_a_topic_that_is_forbidden_is_kept_apart_until_it_is_allowed(tmp_path: Path) -> None:
    kafka = await asyncio.to_thread(start_kafka, tmp_path / "kafka", **AUTHORIZER)
    process = None
    try:
        await asyncio.to_thread(apply_setup, kafka)
        process = await GatewayProcess(kafka.bootstrap, tmp_path / "gateway").start_with_stream(kafka.bootstrap)
        await forbid_writes(kafka.bootstrap, COST_REPORTED, forbidden=True)
        async with GatewayClient(process) as client:

            async def is_apart() -> bool:
                assert await client.results(cost("7.25")) == [("accepted", "")]
                return await client.metric(COST_APART) > 0

            await wait_until(is_apart)
            assert "TopicAuthorizationFailedError" in process.log.read_text()
            await _everything_else_goes_on(client, kafka.bootstrap)
            await forbid_writes(kafka.bootstrap, COST_REPORTED, forbidden=False)
            await wait_until(client.drained)
        assert await read_events(kafka.bootstrap, COST_REPORTED, lambda e: e.amount_micros == 7_250_000, 1)
    finally:
        if process is not None:
            process.close()
        kafka.stop()


async def test_a_record_that_kafka_refuses_is_a_reject_with_its_bytes(
    own_kafka: KafkaServer, process: GatewayProcess
) -> None:
    await alter(own_kafka.bootstrap, TOUCHPOINT_RECEIVED, {"max.message.bytes": "2000"})
    small, large = f"small-{unique_word()}", f"large-{unique_word()}"
    events = [page_view(event_id=large, properties={"text": "x" * 4000}), page_view(event_id=small)]
    async with GatewayClient(process) as client:
        assert await client.results(*events) == [("accepted", "")] * 2
        await _everything_else_goes_on(client, own_kafka.bootstrap)
        await wait_until(client.drained)
        assert await client.metric('footpath_gateway_refused_total{topic="footpath.touchpoint-received.v1"}') == 1

    def is_ours(reject: EventRejected) -> bool:
        return reject.stage == PUBLISHING and reject.source_event_id == f"till/{large}"

    (reject,) = await read_events(own_kafka.bootstrap, EVENT_REJECTED, is_ours, 1)
    assert (reject.reason, reject.topic) == ("unpublished", TOUCHPOINT_RECEIVED.name)
    assert b"x" * 4000 in reveal(reject.raw)
    taken = await read_events(own_kafka.bootstrap, TOUCHPOINT_RECEIVED, lambda e: e.event_id.startswith("till/"), 1)
    assert {event.event_id for event in taken} == {f"till/{small}"}
    await alter(own_kafka.bootstrap, TOUCHPOINT_RECEIVED, {})
