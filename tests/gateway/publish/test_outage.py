"""Kafka outages: nothing acknowledged is lost, order is kept, and the gateway recovers by itself."""

import asyncio
import os
import signal
import time
from itertools import product
from pathlib import Path
from typing import Any

from schemas.kafka.partitioner import partition_of
from schemas.topics import PARTITIONS, SCAN_MISSED, TOUCHPOINT_RECEIVED, TOUCHPOINT_RECORDED
from tests.support.gateway_process import GatewayClient, GatewayProcess, page_view, read_events, wait_until
from tests.support.randomness import unique_word
from tests.support.servers import KafkaServer

SPOOL_BYTES = "footpath_gateway_spool_bytes"
HELLO = "https://corner.example/hello"


async def test_what_was_acknowledged_during_an_outage_is_in_kafka_after_it(
    own_kafka: KafkaServer, tmp_path: Path
) -> None:
    process = await GatewayProcess(own_kafka.bootstrap, tmp_path / "gateway").start_with_stream(own_kafka.bootstrap)
    acknowledged: list[str] = []
    sending = True

    async def till(client: GatewayClient, name: str) -> None:
        number = 0
        while sending:
            events = [page_view(person=name, event_id=f"{name}.{number + n}") for n in range(20)]
            if (await client.send(*events)).status == 202:
                acknowledged.extend(event["event_id"] for event in events)
                number += 20

    async def acknowledge(count: int) -> None:
        wanted = len(acknowledged) + count

        async def acknowledged_enough() -> bool:
            return len(acknowledged) >= wanted

        await wait_until(acknowledged_enough)

    async with GatewayClient(process) as client:
        tills = [asyncio.create_task(till(client, name)) for name in ("ann", "bob")]
        await acknowledge(200)
        own_kafka.kill()
        await acknowledge(2000)
        scan = await client.scan("shelf-1")
        assert (scan.status, scan.headers["Location"]) == (302, HELLO)
        assert scan.headers["Footpath-Outcome"] == "fallback"
        ready = await client.request("GET", "/health/ready")
        assert ready.status == 200 and "kafka" in " ".join((await ready.json())["warnings"]), "phones are answered"
        assert await client.metric(SPOOL_BYTES) > 0
        own_kafka.start()
        await acknowledge(200)
        await wait_until(client.drained)
        await acknowledge(200)
        sending = False
        await asyncio.gather(*tills)
        await wait_until(client.drained)
        event_id = scan.headers["Footpath-Event"]
        (recorded,) = await read_events(own_kafka.bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id == event_id, 1)
        assert recorded.reply_partition is None
        (missed,) = await read_events(own_kafka.bootstrap, SCAN_MISSED, lambda e: e.scan_event_id == event_id, 1)
        assert (missed.reason, missed.destination) == ("unavailable", HELLO)
    assert process.stop() == 0
    acknowledged = [f"till/{one}" for one in acknowledged]
    found = await page_view_ids(own_kafka.bootstrap, set(acknowledged))
    assert set(found) == set(acknowledged)
    for name, number in product(("ann", "bob"), range(PARTITIONS)):
        mine = [one for one in found if one.startswith(f"till/{name}") and partition_of(one, PARTITIONS) == number]
        first_seen = list(dict.fromkeys(mine))
        assert first_seen == sorted(first_seen, key=lambda one: int(one.split(".")[1]))


async def page_view_ids(bootstrap: str, wanted: set[str]) -> list[str]:
    """Those of the wanted ids that page views have, in topic order, until each has been read at least once."""
    found: list[str] = []
    missing = set(wanted)

    def is_first(event: Any) -> bool:
        if event.event_id in wanted:
            found.append(event.event_id)
        is_missing = event.event_id in missing
        missing.discard(event.event_id)
        return is_missing

    await read_events(bootstrap, TOUCHPOINT_RECEIVED, is_first, len(wanted))
    return found


async def test_a_gateway_that_is_killed_during_an_outage_still_has_what_it_acknowledged(
    own_kafka: KafkaServer, tmp_path: Path
) -> None:
    process = await GatewayProcess(own_kafka.bootstrap, tmp_path / "gateway").start_with_stream(own_kafka.bootstrap)
    own_kafka.kill()
    ids = [unique_word() + "-k" for _ in range(6)]
    async with GatewayClient(process) as client:
        assert await client.results(*(page_view(event_id=one) for one in ids[:2])) == [("accepted", "")] * 2
    process.kill()
    await process.start()  # without Kafka: it has its brand and its keys on disk
    async with GatewayClient(process) as client:
        assert await client.results(*(page_view(event_id=one) for one in ids[2:4])) == [("accepted", "")] * 2
        assert (await client.scan("bottle.7")).headers["Location"] == "https://corner.example/tea"
    assert process.stop() == 0
    own_kafka.start()
    await process.start()
    async with GatewayClient(process) as client:
        assert await client.results(*(page_view(event_id=one) for one in ids[4:])) == [("accepted", "")] * 2
        await wait_until(client.drained)
    full = {f"till/{one}" for one in ids}
    found = await read_events(own_kafka.bootstrap, TOUCHPOINT_RECEIVED, lambda e: e.event_id in full, 6)
    assert {one.event_id for one in found} == full and len(found) == 6
    process.close()


async def test_a_full_spool_is_reported_and_phones_are_still_answered(own_kafka: KafkaServer, tmp_path: Path) -> None:
    process = GatewayProcess(own_kafka.bootstrap, tmp_path / "gateway", spool_mb="1")
    await process.start_with_stream(own_kafka.bootstrap)
    own_kafka.kill()
    batch = [page_view(properties={"text": "x" * 1000}) for _ in range(200)]
    async with GatewayClient(process) as client:
        responses = [await client.send(*batch) for _ in range(8)]
        assert responses[0].status == 202 and responses[-1].status == 503
        assert int(responses[-1].headers["Retry-After"]) >= 1 and "spool" in (await responses[-1].json())["error"]
        while "Footpath-Event" in (scan := await client.scan(f"shelf-1?ref={unique_word()}")).headers:
            pass  # scans are small: a few still fit into the spool
        assert scan.status == 302 and scan.headers["Location"].startswith(HELLO)
        assert scan.headers["Footpath-Outcome"] == "fallback"
        assert await client.metric('footpath_gateway_scans_total{outcome="unrecorded"}') == 1
        own_kafka.start()
        await wait_until(client.drained)
        assert (await client.send(*batch)).status == 202
    process.close()


async def test_a_frozen_kafka_delays_requests_by_the_publish_timeout_at_most(
    own_kafka: KafkaServer, tmp_path: Path
) -> None:
    process = await GatewayProcess(own_kafka.bootstrap, tmp_path / "gateway").start_with_stream(own_kafka.bootstrap)
    try:
        async with GatewayClient(process) as client:
            os.kill(own_kafka.pid, signal.SIGSTOP)
            try:
                began = time.monotonic()
                assert await client.results(page_view(event_id="frozen-1")) == [("accepted", "")]
                first_s = time.monotonic() - began
                assert await client.results(page_view(event_id="frozen-2")) == [("accepted", "")]
                assert time.monotonic() - began < 2 * first_s, "the publish timeout is waited for once, not per batch"
            finally:
                os.kill(own_kafka.pid, signal.SIGCONT)
            await wait_until(client.drained)
            wanted = {"till/frozen-1", "till/frozen-2"}
            found = await read_events(own_kafka.bootstrap, TOUCHPOINT_RECEIVED, lambda e: e.event_id in wanted, 2)
            assert {one.event_id for one in found} <= wanted
    finally:
        process.close()
